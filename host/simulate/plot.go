package simulate

import (
	"bytes"
	"fmt"
	"html"
	"math"
)

// The plot's measures, in pixels.
const (
	plotWidth, plotHeight = 760, 420
	plotLeft, plotTop     = 64, 24
	plotRight, plotBottom = 600, 372
)

// colors are told apart by people who see no red or green, too (Okabe and Ito).
var colors = []string{"#000000", "#0072b2", "#009e73", "#cc79a7", "#d55e00", "#e69f00"}

// SVG draws the cumulative downtime of each policy over the incidents as one
// self-contained picture.
func SVG(r Report) []byte {
	top := 0.0
	for _, s := range r.Scores {
		if n := len(s.Curve); n > 0 {
			top = math.Max(top, s.Curve[n-1])
		}
	}
	top = math.Max(top, 1e-9)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" role="img">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, "<title>Cumulative downtime over %d incidents, mean of %d worlds</title>\n", r.Incidents, r.Worlds)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", plotWidth, plotHeight)
	axes(&b, r, top)
	for i, s := range r.Scores {
		curve(&b, s, i, top)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func axes(b *bytes.Buffer, r Report, top float64) {
	const parts = 4
	for i := range parts + 1 {
		share := float64(i) / parts
		y := plotBottom - share*(plotBottom-plotTop)
		x := plotLeft + share*(plotRight-plotLeft)
		fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#dddddd"/>`+"\n", plotLeft, plotRight, y, y)
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end">%.1f h</text>`+"\n", plotLeft-6, y+4, share*top)
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%.0f</text>`+"\n", x, plotBottom+18, share*float64(r.Incidents))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">incidents</text>`+"\n", (plotLeft+plotRight)/2, plotBottom+38)
}

func curve(b *bytes.Buffer, s Score, index int, top float64) {
	const points = 200 // more cannot be told apart
	color := colors[index%len(colors)]
	fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="2" points="`, color)
	for i := range min(points, len(s.Curve)) {
		n := i * (len(s.Curve) - 1) / max(1, min(points, len(s.Curve))-1)
		x := plotLeft + float64(n)/float64(max(1, len(s.Curve)-1))*(plotRight-plotLeft)
		fmt.Fprintf(b, "%.1f,%.1f ", x, plotBottom-s.Curve[n]/top*(plotBottom-plotTop))
	}
	fmt.Fprintf(b, `"/>`+"\n")
	y := plotTop + 20*(index+1)
	fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%d" y2="%d" stroke="%s" stroke-width="2"/>`+"\n", plotRight+14, plotRight+34, y-4, y-4, color)
	fmt.Fprintf(b, `<text x="%d" y="%d">%s %.2f</text>`+"\n", plotRight+40, y, html.EscapeString(string(s.Policy)), s.Ratio)
}
