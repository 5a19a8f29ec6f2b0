// Package command is what the programs of the examples have in common: a context
// that ends with Ctrl-C, exit codes, a scratch folder, a choice by names, and
// results as JSON.
//
// It owns no figure and no table. Its functions are called once each, from main.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// usageError is what is wrong with the command line.
type usageError struct{ error }

// Usage returns an error that ends the program with exit code 2.
func Usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Program is the main job of a command.
type Program struct {
	// Name begins each message.
	Name string
	// Longest is how long it may take before it gives up; 0 for as long as it takes.
	Longest time.Duration
	// Run does it. Its context ends at SIGINT, at SIGTERM and after Longest.
	Run func(ctx context.Context) error
}

// Main runs the program and returns its exit code: 0, 1 for an error, 2 for one
// that was made by Usage.
func (p Program) Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if p.Longest > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.Longest)
		defer cancel()
	}
	err := p.Run(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", p.Name, err)
	if _, usage := errors.AsType[usageError](err); usage {
		return 2
	}
	return 1
}

// Scratch calls body with the absolute path of bin, where the programs are, and
// with a new folder, which is removed afterwards.
func Scratch(bin string, body func(bin, dir string) error) (err error) {
	bin, err = filepath.Abs(bin)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "homeostat-example-")
	if err != nil {
		return fmt.Errorf("make a scratch folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return body(bin, dir)
}

// Choose returns those of all whose names are in only, separated by commas, in
// only's order; all of them for an empty only. An unknown name is an error of Usage
// that lists the names.
func Choose[T any](only string, all []T, name func(T) string) ([]T, error) {
	if only == "" {
		return all, nil
	}
	var out []T
	for wanted := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(all, func(t T) bool { return name(t) == wanted })
		if i < 0 {
			var names []string
			for _, t := range all {
				names = append(names, name(t))
			}
			return nil, Usage("%q is none of %s", wanted, strings.Join(names, ", "))
		}
		out = append(out, all[i])
	}
	return out, nil
}

// WriteJSON writes v to a file, indented; to none if the name is empty.
func WriteJSON(file string, v any) error {
	if file == "" {
		return nil
	}
	data, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		err = os.WriteFile(file, append(data, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	return nil
}
