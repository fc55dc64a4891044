package providers

import "context"

// A Lender is a Provider that makes no machines: it lends those that are
// there, each to one attempt at a time. None is made ready ahead, and none
// takes this machine's memory.
type Lender interface {
	// Borrow waits until there is a free machine for every spec, and takes all
	// of them or none; Clone then hands them to the attempt that the specs
	// name. giveBack, which is never nil and idempotent, frees those that Clone
	// was not asked for. An error that waiting does not mend comes at once.
	Borrow(ctx context.Context, specs []CloneSpec) (giveBack func(), err error)
}

// A Loan is a Machine that outlives its attempt. Destroy gives it back.
type Loan interface {
	Machine
	// Soil notes on disk, before anything is changed, that scenario's restore.*
	// has to mend the machine; soiled reports that it was so already, since
	// somebody died before mending it.
	Soil(scenario string) (soiled bool, err error)
	// Mended takes that back.
	Mended() error
	// Quarantine keeps the machine from all further attempts of this run, which
	// are told the reason.
	Quarantine(reason error)
}

// A Keeper is a Machine that must be told that it stays in use after the
// process that has it.
type Keeper interface {
	Keep() error
}
