//go:build linux

package main

import (
	"bytes"
	"fmt"
	"html"
)

// chart is the picture of CPU per request, relative to nginx: a panel for each
// variant of each scenario, all with the same scale.
type chart struct {
	note   string // what it was taken on
	panels []panel
}

type panel struct {
	title string
	bars  []bar
}

type bar struct {
	name  string
	ratio float64 // to nginx
}

// Sizes are in pixels. Names stand to the left of the bars, ratios to the right.
const (
	chartWidth  = 880
	chartMargin = 20
	chartHead   = 68
	chartFoot   = 34

	panelWidth = (chartWidth - 3*chartMargin) / 2
	panelHead  = 30
	panelFoot  = 14

	barStep   = 19
	barHeight = 13
	barLeft   = 112
	barMost   = panelWidth - barLeft - 52

	// ratioMost is where bars end that would be longer; one of them must not make
	// all others short.
	ratioMost = 4
)

// chartStyle has the colors of a light page, and those of a dark one where the
// viewer says that it is.
const chartStyle = `<style>
text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
.title { font-size: 17px; font-weight: 600 }
.panel { font-size: 13px; font-weight: 600 }
.note { fill: #59636e }
.page { fill: #ffffff }
.own { fill: #1a7f37 }
.peer { fill: #8c959f }
.floor { fill: #d1d9e0 }
.nginx { stroke: #59636e; stroke-dasharray: 3 3 }
.strong { font-weight: 600 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.note { fill: #9198a1 }
.page { fill: #0d1117 }
.own { fill: #3fb950 }
.peer { fill: #767e89 }
.floor { fill: #3d444d }
.nginx { stroke: #9198a1 }
}
</style>
`

// svg draws the chart.
func (c chart) svg() []byte {
	var out bytes.Buffer
	most, heights := c.scale(), c.rowHeights()
	height := chartHead + chartFoot
	for _, h := range heights {
		height += h
	}
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img">`+"\n", chartWidth, height)
	fmt.Fprint(&out, "<title>CPU time per request, relative to nginx</title>\n", chartStyle)
	fmt.Fprintf(&out, `<rect class="page" width="%d" height="%d" rx="8"/>`+"\n", chartWidth, height)
	write(&out, "title", "start", chartMargin, 34, "CPU time per request, relative to nginx")
	write(&out, "note", "start", chartMargin, 54, "Shorter is better. The dashed line is nginx; floor is what the kernel takes when no byte is looked at.")
	y := chartHead
	for i, p := range c.panels {
		p.draw(&out, chartMargin+i%2*(panelWidth+chartMargin), y, most)
		if i%2 == 1 {
			y += heights[i/2]
		}
	}
	write(&out, "note", "start", chartMargin, height-14, c.note)
	fmt.Fprintln(&out, "</svg>")
	return out.Bytes()
}

// scale is the ratio of the longest bar that is drawn whole.
func (c chart) scale() float64 {
	most := 1.0
	for _, p := range c.panels {
		for _, b := range p.bars {
			most = max(most, b.ratio)
		}
	}
	return min(most, ratioMost)
}

// rowHeights are those of the rows of two panels.
func (c chart) rowHeights() []int {
	var all []int
	for i, p := range c.panels {
		if i%2 == 0 {
			all = append(all, 0)
		}
		all[i/2] = max(all[i/2], panelHead+len(p.bars)*barStep+panelFoot)
	}
	return all
}

// draw puts the panel at x, y.
func (p panel) draw(out *bytes.Buffer, x, y int, most float64) {
	write(out, "panel", "start", x, y+16, p.title)
	y += panelHead
	left := x + barLeft
	atNginx := float64(left) + barMost/most
	fmt.Fprintf(out, `<path class="nginx" d="M%.1f %dV%d"/>`+"\n", atNginx, y-5, y+len(p.bars)*barStep)
	for i, b := range p.bars {
		top := y + i*barStep
		text := fmt.Sprintf("%.2f", b.ratio)
		if b.ratio > most {
			text += " »"
		}
		length := max(1, min(b.ratio, most)/most*barMost)
		write(out, b.weight(), "end", left-8, top+11, b.name)
		fmt.Fprintf(out, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>`+"\n", b.class(), left, top, length, barHeight)
		// The line of nginx is not to run through the number.
		fmt.Fprintf(out, `<rect class="page" x="%.1f" y="%d" width="%d" height="%d"/>`+"\n", float64(left)+length+4, top, 8*len(text)+2, barHeight)
		write(out, b.weight(), "start", left+int(length)+6, top+11, text)
	}
}

func (b bar) class() string {
	switch b.name {
	case ownName:
		return "own"
	case floorName:
		return "floor"
	default:
		return "peer"
	}
}

func (b bar) weight() string {
	if b.name == ownName {
		return "strong"
	}
	return "plain"
}

// write puts a line of text at x, y.
func write(out *bytes.Buffer, class, anchor string, x, y int, text string) {
	fmt.Fprintf(out, `<text class="%s" text-anchor="%s" x="%d" y="%d">%s</text>`+"\n", class, anchor, x, y, html.EscapeString(text))
}
