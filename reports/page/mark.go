package page

import (
	"html/template"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// A mark is markup of our own for an outcome: a shape and a word. There are as
// many as there are outcomes, and nothing of anybody else is in one. It is made
// here, and not in the templates, since a report has tens of thousands.
type mark = template.HTML

// markOf shows an outcome.
func markOf(o rules.Outcome) mark { return shape(known(o), known(o)) }

// marked shows a rule's status as the outcome that it leads to.
func marked(class Text, s rules.Status) mark {
	switch s {
	case rules.Holds:
		return shape(class, "holds")
	case rules.DoesNotHold:
		return shape(class, "does not hold")
	}
	return shape(class, "errored")
}

// shape is for words of this package alone.
func shape(class, word Text) mark {
	return mark(`<span class="outcome o-` + class + `"><svg class="icon" aria-hidden="true"><use href="#o-` + class + `"/></svg>` + word + `</span>`)
}
