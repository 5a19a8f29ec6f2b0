// Package plot draws what simulations leave behind. It is pure.
package plot

import (
	"bytes"
	"fmt"
	"html"
	"math"

	"github.com/homeostat/homeostat/host/simulate"
	"github.com/homeostat/homeostat/host/simulate/tuning"
)

// The measures of a panel, in pixels.
const (
	plotWidth, plotHeight = 760, 420
	plotLeft, plotTop     = 64, 34
	plotRight, plotBottom = 560, 372
)

// colors are told apart by people who see no red or green, too (Okabe and Ito).
var colors = []string{"#000000", "#0072b2", "#009e73", "#cc79a7", "#d55e00", "#e69f00", "#56b4e9"}

// line is one curve of a panel: cumulative downtime in hours.
type line struct {
	label string
	hours []float64
}

// panel is one drawing with axes of its own.
type panel struct {
	title string
	lines []line
}

// SVG draws the cumulative downtime over the incidents as one self-contained picture:
// a panel for the remedies where there is a report of them, one for the settings
// where there are scores.
func SVG(r *simulate.Report, scores []tuning.Score) []byte {
	var panels []panel
	if r != nil {
		p := panel{title: fmt.Sprintf("Cumulative downtime, mean of %d worlds", r.Worlds)}
		for _, s := range r.Scores {
			p.lines = append(p.lines, line{fmt.Sprintf("%s %.2f", s.Policy, s.Ratio), s.Curve})
		}
		panels = append(panels, p)
	}
	if len(scores) > 0 {
		panels = append(panels, settings(scores))
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" role="img">`+"\n", plotWidth, plotHeight*max(1, len(panels)))
	b.WriteString("<title>Cumulative downtime of simulated incidents</title>\n")
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", plotWidth, plotHeight*max(1, len(panels)))
	for n, p := range panels {
		fmt.Fprintf(&b, `<g transform="translate(0 %d)">`+"\n", n*plotHeight)
		p.draw(&b)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// settings is the panel of the incidents that bad settings cause.
func settings(scores []tuning.Score) panel {
	p := panel{title: "Cumulative downtime of incidents that bad settings cause"}
	first, last := scores[0], scores[len(scores)-1]
	p.lines = append(p.lines, line{"best settings", first.Curves[tuning.Oracle]}, line{"default settings", first.Curves[tuning.Default]})
	for n, s := range scores {
		if n == 0 || s.ModelError != scores[n-1].ModelError {
			p.lines = append(p.lines, line{fmt.Sprintf("genetic, error %.2f", s.ModelError), s.Curves[tuning.Genetic]})
		}
		if s.RecordedError < s.ModelError {
			p.lines = append(p.lines, line{fmt.Sprintf("replay, error %.2f to %.2f", s.ModelError, s.RecordedError), s.Curves[tuning.Replay]})
		}
	}
	return panel{p.title, append(p.lines, line{fmt.Sprintf("model only, error %.2f", last.ModelError), last.Curves[tuning.ModelOnly]})}
}

func (p panel) draw(b *bytes.Buffer) {
	top, incidents := 1e-9, 0
	for _, l := range p.lines {
		if n := len(l.hours); n > 0 {
			top, incidents = math.Max(top, l.hours[n-1]), max(incidents, n)
		}
	}
	fmt.Fprintf(b, `<text x="%d" y="18" font-weight="bold">%s</text>`+"\n", plotLeft, html.EscapeString(p.title))
	axes(b, incidents, top)
	for i, l := range p.lines {
		l.draw(b, i, top)
	}
}

func axes(b *bytes.Buffer, incidents int, top float64) {
	const parts = 4
	for i := range parts + 1 {
		share := float64(i) / parts
		y := plotBottom - share*(plotBottom-plotTop)
		x := plotLeft + share*(plotRight-plotLeft)
		fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#dddddd"/>`+"\n", plotLeft, plotRight, y, y)
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end">%.1f h</text>`+"\n", plotLeft-6, y+4, share*top)
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%.0f</text>`+"\n", x, plotBottom+18, share*float64(incidents))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">incidents</text>`+"\n", (plotLeft+plotRight)/2, plotBottom+38)
}

func (l line) draw(b *bytes.Buffer, index int, top float64) {
	const points = 200 // more cannot be told apart
	color := colors[index%len(colors)]
	fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="2" points="`, color)
	for i := range min(points, len(l.hours)) {
		n := i * (len(l.hours) - 1) / max(1, min(points, len(l.hours))-1)
		x := plotLeft + float64(n)/float64(max(1, len(l.hours)-1))*(plotRight-plotLeft)
		fmt.Fprintf(b, "%.1f,%.1f ", x, plotBottom-l.hours[n]/top*(plotBottom-plotTop))
	}
	fmt.Fprintf(b, `"/>`+"\n")
	y := plotTop + 20*(index+1)
	fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%d" y2="%d" stroke="%s" stroke-width="2"/>`+"\n", plotRight+14, plotRight+34, y-4, y-4, color)
	fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`+"\n", plotRight+40, y, html.EscapeString(l.label))
}
