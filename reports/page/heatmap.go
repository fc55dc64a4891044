package page

import (
	"slices"
	"strings"
)

// heatMap is a table: a row a scenario, a column a run, newest first, so that
// what matters stands beside the name, however narrow the screen.
type heatMap struct {
	Runs []heatRun
	Rows []heatRow
	Left int // scenarios that are not shown
}

type heatRun struct {
	RunID, Day, Time, Href Text
	Current                bool
}

type heatRow struct {
	Key   Text
	Cells []heatCell
}

// heatCell is one scenario in one run. Outcome is empty where it was not
// attempted.
type heatCell struct {
	Outcome Text // the worst of its attempts
	Shade   Text // all, most, some, none: how many passed
	Ratio   Text // "2/3", where it was attempted more than once
	Title   Text
	Href    Text
}

// maxHeatRows bounds the table; the scenarios of the current run come first.
const maxHeatRows = 300

// newHeatMap lays out runs, given newest first; nil when there is none.
func newHeatMap(runs []Outline, current string, links Links) *heatMap {
	if len(runs) == 0 {
		return nil
	}
	h := &heatMap{}
	cells := make([]map[string]Cell, 0, len(runs))
	keys := map[string]bool{}
	for _, o := range runs {
		h.Runs = append(h.Runs, heatRun{
			RunID: Text(o.RunID), Day: Text(o.Started.UTC().Format("01-02")), Time: Text(o.Started.UTC().Format("15:04")),
			Href: links.run(o.RunID), Current: o.RunID == current,
		})
		of := byKey(o)
		cells = append(cells, of)
		for k := range of {
			keys[k] = true
		}
	}
	sorted := make([]string, 0, len(keys))
	for k := range keys {
		sorted = append(sorted, k)
	}
	slices.SortFunc(sorted, strings.Compare)
	if len(sorted) > maxHeatRows {
		h.Left = len(sorted) - maxHeatRows
		sorted = sorted[:maxHeatRows]
	}
	for _, key := range sorted {
		row := heatRow{Key: Text(key)}
		for i, of := range cells {
			row.Cells = append(row.Cells, newHeatCell(of[key], h.Runs[i], links))
		}
		h.Rows = append(h.Rows, row)
	}
	return h
}

func newHeatCell(c Cell, run heatRun, links Links) heatCell {
	if c.Attempted == 0 {
		return heatCell{Title: "not attempted"}
	}
	cell := heatCell{Outcome: known(c.Worst), Title: Text(c.Tally.String())}
	if c.Attempted > 1 {
		cell.Ratio = Text(strings.ReplaceAll(string(ratio(c.Tally)), " of ", "/"))
	}
	switch {
	case c.Scored == 0:
		cell.Shade = "unknown"
	case c.Passed == c.Scored:
		cell.Shade = "all"
	case c.Passed == 0:
		cell.Shade = "none"
	case 2*c.Passed >= c.Scored:
		cell.Shade = "most"
	default:
		cell.Shade = "some"
	}
	if links.Served || run.Current {
		cell.Href = links.attempt(string(run.RunID), c.Key, 1)
	}
	return cell
}
