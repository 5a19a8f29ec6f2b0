package candidate

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// MaxChecks is how many checks a change may bring.
const MaxChecks = 8

// Check is a WASM program that a change brings to be judged by, beside the root's own. It is run and never written into
// the root, and it can only make the judgement stricter.
type Check struct {
	Name string `json:"name"`
	// SHA256 is that of Module, in hexadecimal.
	SHA256 string   `json:"sha256"`
	Args   []string `json:"args,omitempty"`
	Module []byte   `json:"module_base64"`
}

// listed is a check as change.toml lists it: File is its module, in the folder of the change.
type listed struct {
	File   string   `toml:"file"`
	SHA256 string   `toml:"sha256"`
	Args   []string `toml:"args"`
}

// bring reads the checks that the manifest lists. Their files are no files of the root.
func (c *Candidate) bring(folder fs.FS, checks []listed) error {
	for _, l := range checks {
		module, err := readBounded(folder, path.Clean(l.File), MaxBytes)
		if err != nil {
			return fmt.Errorf("read the check %q: %w", l.File, err)
		}
		c.Checks = append(c.Checks, Check{Name: path.Clean(l.File), SHA256: l.SHA256, Args: l.Args, Module: module})
	}
	return nil
}

// brings says that a file of the folder is one of the checks.
func (c *Candidate) brings(name string) bool {
	for _, check := range c.Checks {
		if check.Name == name {
			return true
		}
	}
	return false
}

// checkChecks tells what is wrong with the checks, and how large they are.
func (c Candidate) checkChecks() (int, error) {
	if len(c.Checks) > MaxChecks {
		return 0, fmt.Errorf("the change brings %d checks, at most %d are allowed", len(c.Checks), MaxChecks)
	}
	size := 0
	var all []error
	for _, check := range c.Checks {
		size += len(check.Module)
		switch {
		case check.Name == "" || len(check.Name) > MaxText:
			all = append(all, errors.New("a check needs a name, of a sensible length"))
		case !strings.EqualFold(Sum(check.Module), check.SHA256):
			all = append(all, fmt.Errorf("check %s: sha256 want %q, its module has %s: pin the module that you mean", check.Name, check.SHA256, Sum(check.Module)))
		}
		for _, arg := range check.Args {
			if len(arg) > MaxText || strings.ContainsRune(arg, 0) {
				all = append(all, fmt.Errorf("check %s: an argument is too long, or holds NUL", check.Name))
			}
		}
	}
	return size, errors.Join(all...)
}
