//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// kit is what is found, built and decided before the first scenario.
type kit struct {
	self     string            // path of the rig's own program
	dir      string            // what was built; removed by close
	cpus     placement         // of everything that is started
	tools    map[string]string // paths of the load generators that are installed
	programs []program
	setting  setting

	unconfine func()
}

// program is a contender that is there.
type program struct {
	contender
	path string
}

// newKit finds the load generators. The contenders are for the caller to add.
func newKit(ctx context.Context, set settings) (*kit, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cpus, err := place()
	if err != nil {
		return nil, err
	}
	k := &kit{self: self, cpus: cpus, tools: map[string]string{}, setting: thisSetting(cpus)}
	if err := k.findTools(ctx, set); err != nil {
		return nil, err
	}
	if k.dir, err = os.MkdirTemp("", "bench-build-"); err != nil {
		return nil, err
	}
	if k.unconfine, err = confine(cpus.load); err != nil {
		k.close()
		return nil, err
	}
	return k, nil
}

func (k *kit) close() {
	if k.unconfine != nil {
		k.unconfine()
	}
	// Nothing depends on the folder any more; what stays is a program.
	_ = os.RemoveAll(k.dir)
}

// findTools looks for the load generators that the scenarios need.
func (k *kit) findTools(ctx context.Context, set settings) error {
	for _, t := range tools {
		if !needed(t.name, set.scenarios) {
			continue
		}
		path, err := installed(t.name, t.install)
		var absent missingError
		if errors.As(err, &absent) {
			k.setting.missing("%s", err)
			continue
		}
		if err != nil {
			return err
		}
		k.tools[t.name] = path
		k.setting.program(t.name, t.version(ctx, path))
	}
	return nil
}

// addContenders finds the contenders that are installed, and builds ours.
func (k *kit) addContenders(ctx context.Context, all []contender, progress io.Writer) error {
	for _, c := range all {
		path, err := c.find(ctx, k)
		var absent missingError
		if errors.As(err, &absent) {
			fmt.Fprintf(progress, "%s is left out: %s\n", c.name, err)
			k.setting.missing("%s (%s is left out)", err, c.name)
			continue
		}
		if err != nil {
			return err
		}
		k.add(ctx, c, path)
	}
	if len(k.programs) == 0 {
		return errors.New("none of the contenders is installed")
	}
	return nil
}

func (k *kit) add(ctx context.Context, c contender, path string) {
	k.programs = append(k.programs, program{contender: c, path: path})
	k.setting.program(c.name, c.version(ctx, path))
}

// lacks returns what a scenario needs that is not there.
func (k *kit) lacks(s scenario) error {
	for _, name := range s.tools() {
		for _, t := range tools {
			if t.name == name && k.tools[name] == "" {
				return missingError{t.name, t.install}
			}
		}
	}
	return allowFiles(s.files())
}
