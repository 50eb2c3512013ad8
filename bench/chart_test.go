//go:build linux

package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// wellFormed fails the test when text is no XML.
func wellFormed(t *testing.T, text []byte) {
	d := xml.NewDecoder(strings.NewReader(string(text)))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
	}
}

// The chart is XML whatever names there are, has every number, and cuts a bar
// that would make all others short.
func TestChart(t *testing.T) {
	c := chart{note: "a <CPU> & more", panels: []panel{
		{"small", []bar{{ownName, 0.52}, {nginxName, 1}, {"caddy", 9.5}}},
		{"large: 1 MiB", []bar{{floorName, 0.3}}},
		{"idle", nil},
	}}
	svg := c.svg()
	wellFormed(t, svg)
	text := string(svg)
	require.Contains(t, text, "a &lt;CPU&gt; &amp; more")
	require.Contains(t, text, ">0.52<")
	require.Contains(t, text, ">9.50 »<")
	require.Contains(t, text, `<rect class="own" x="132" y="98" width="32.0"`)
	require.NotContains(t, text, "%!")
	require.Equal(t, 4.0, c.scale())
	require.Equal(t, 1.0, chart{panels: c.panels[1:]}.scale())
}

// The chart shows what is in the folder, in the order of the scenarios, and
// nothing is drawn where nothing can be compared.
func TestDrawResults(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, drawResults(""))
	require.NoError(t, drawResults(folder))
	require.NoFileExists(t, filepath.Join(folder, "comparison.svg"))

	for _, s := range []scenario{large, small} {
		r := rig{scenario: s, kit: &kit{}}
		for _, v := range s.variants {
			enter(&r, goproxyreverso, v, cpus(10)...)
			enter(&r, nginx, v, cpus(20)...)
		}
		rep := newReport(&r)
		rep.Results = summarize(&r)
		require.NoError(t, rep.save(folder, writeTable))
	}
	require.NoError(t, drawResults(folder))
	svg, err := os.ReadFile(filepath.Join(folder, "comparison.svg"))
	require.NoError(t, err)
	wellFormed(t, svg)
	require.Regexp(t, `(?s)>small<.*>0\.50<.*>large: 64 KiB<.*>large: 1 MiB<`, string(svg))

	require.NoError(t, os.WriteFile(filepath.Join(folder, "small.json"), []byte("{"), 0o644))
	require.ErrorContains(t, drawResults(folder), "small.json")
}
