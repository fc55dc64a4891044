//go:build linux

package collect

// Layers are the directories of the overlay that a guest's root file system
// is, on the host and out of the guest's reach. The zero value: it is none.
type Layers struct {
	Upper string   // what changed since the template
	Lower []string // the template, uppermost first
}

// OpenLayers are Layers, open.
type OpenLayers struct {
	Upper *Root
	Lower []*Root
}

// open opens the directories. What is open when it fails is in what it returns.
func (l Layers) open() (o OpenLayers, err error) {
	if l.Upper == "" {
		return o, nil
	}
	if o.Upper, err = OpenRoot(l.Upper); err != nil {
		return o, err
	}
	for _, dir := range l.Lower {
		r, err := OpenRoot(dir)
		if err != nil {
			return o, err
		}
		o.Lower = append(o.Lower, r)
	}
	return o, nil
}
