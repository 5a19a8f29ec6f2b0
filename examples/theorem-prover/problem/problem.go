// Package problem owns the folder of problems: what is in it, to which family each
// belongs, and whose turn is next when some families are wanted more than others.
// It proves nothing.
//
// A Rota is used by one goroutine at a time; problems do not change.
package problem

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Bounds of a folder.
const (
	maxProblems = 1000
	maxBytes    = 64 << 10
)

// Problem is one file in TPTP's form.
type Problem struct {
	// Name is the file's without .p, Family what stands before its first dash.
	Name, Family string
	Path         string
	// Hash is the SHA-256 of the file's content, in hexadecimal.
	Hash string
}

// Load reads the problems of a folder, *.p, in the order of their names.
func Load(dir string) ([]Problem, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.p"))
	if err != nil {
		return nil, fmt.Errorf("read the problems in %s: %w", dir, err)
	}
	if len(paths) == 0 || len(paths) > maxProblems {
		return nil, fmt.Errorf("read the problems in %s: want 1 to %d files *.p, got %d", dir, maxProblems, len(paths))
	}
	slices.Sort(paths)
	all := make([]Problem, 0, len(paths))
	for _, path := range paths {
		p, err := read(path)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func read(path string) (Problem, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Problem{}, fmt.Errorf("read problem: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxBytes {
		return Problem{}, fmt.Errorf("read problem %s: want a file of at most %d bytes, got %s of %d", path, maxBytes, info.Mode(), info.Size())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return Problem{}, fmt.Errorf("read problem: %w", err)
	}
	name := strings.TrimSuffix(filepath.Base(path), ".p")
	family, _, found := strings.Cut(name, "-")
	if !found || family == "" {
		return Problem{}, fmt.Errorf("read problem %s: want a name like FAMILY-REST.p", path)
	}
	sum := sha256.Sum256(b)
	return Problem{Name: name, Family: family, Path: path, Hash: hex.EncodeToString(sum[:])}, nil
}

// Families lists the families of problems in alphabetical order.
func Families(all []Problem) []string {
	var names []string
	for _, p := range all {
		if !slices.Contains(names, p.Family) {
			names = append(names, p.Family)
		}
	}
	slices.Sort(names)
	return names
}
