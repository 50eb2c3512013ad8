//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
)

// named is an element of one of the rig's lists.
type named interface{ title() string }

func (s scenario) title() string  { return s.name }
func (c contender) title() string { return c.name }

func names[T named](list []T) []string {
	var all []string
	for _, v := range list {
		all = append(all, v.title())
	}
	return all
}

// choose returns the elements of list that wanted names, separated by commas.
func choose[T named](list []T, wanted string) ([]T, error) {
	var chosen []T
	for w := range strings.SplitSeq(wanted, ",") {
		w = strings.TrimSpace(w)
		i := slices.IndexFunc(list, func(v T) bool { return v.title() == w })
		if i < 0 {
			return nil, fmt.Errorf("unknown name %q (want %s)", w, strings.Join(names(list), ", "))
		}
		if slices.Contains(names(chosen), w) {
			return nil, fmt.Errorf("%q is named twice", w)
		}
		chosen = append(chosen, list[i])
	}
	return chosen, nil
}
