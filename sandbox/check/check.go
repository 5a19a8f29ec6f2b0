// Package check is what the author of a WASI check imports: it finds the changed
// paths, reads the candidate and says the verdict in the contract of the sandbox.
//
// The contract: argv holds the changed paths, "/" is the candidate, read-only,
// "/out" is scratch, exit 0 passes, 1 fails, 2 could not decide, and findings are
// lines of JSON on stdout. Build a check with GOOS=wasip1 GOARCH=wasm. The package
// needs the standard library alone and works natively too, where the folder
// CANDIDATE stands for "/". A Check belongs to one goroutine.
//
//	func main() {
//		check.Main(func(c *check.Check) error {
//			for _, p := range c.Changed("**.json") {
//				if text, err := c.Read(p); err != nil {
//					return err
//				} else if !json.Valid(text) {
//					c.Fail(p, 0, "is no valid JSON")
//				}
//			}
//			return nil
//		})
//	}
package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// The exit codes of a check.
const (
	ExitPass      = 0
	ExitFail      = 1
	ExitUndecided = 2
)

// Check is one run of a check over a candidate.
type Check struct {
	paths  []string
	tree   fs.FS
	out    io.Writer
	failed bool
	broken error
}

// Main runs f and ends the process with the verdict: 1 when f reported a failure, 2
// when f returned an error or panicked, 0 otherwise.
func Main(f func(*Check) error) {
	dir := os.Getenv("CANDIDATE")
	if dir == "" {
		dir = "/"
	}
	os.Exit(Run(os.Args[1:], os.DirFS(dir), os.Stdout, f))
}

// Run is Main with everything given, for tests of a check: the changed paths, the
// candidate and where findings go. It returns the exit code.
func Run(paths []string, candidate fs.FS, out io.Writer, f func(*Check) error) (code int) {
	c := &Check{paths: paths, tree: candidate, out: out}
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintln(os.Stderr, "check panicked:", r)
			code = ExitUndecided
		}
	}()
	if err := errors.Join(f(c), c.broken); err != nil {
		fmt.Fprintln(os.Stderr, "check could not decide:", err)
		return ExitUndecided
	}
	if c.failed {
		return ExitFail
	}
	return ExitPass
}

// Changed returns the changed paths that match glob, whose last element alone is
// matched when it begins with "**": "**.json" is every .json file and "**/b*" every
// file whose name begins with b. An empty glob matches all. Paths that the change deletes are among them; Exists tells.
func (c *Check) Changed(glob string) []string {
	var out []string
	for _, p := range c.paths {
		pattern, name := glob, p
		if rest, ok := strings.CutPrefix(glob, "**"); ok {
			pattern, name = "*"+rest, path.Base(p)
			if rest, ok := strings.CutPrefix(rest, "/"); ok {
				pattern = rest
			}
		}
		ok, err := path.Match(pattern, name)
		if err != nil {
			c.broken = fmt.Errorf("glob %q: %w", glob, err)
		}
		if ok || glob == "" {
			out = append(out, p)
		}
	}
	return out
}

// Exists reports whether the candidate has p.
func (c *Check) Exists(p string) bool {
	_, err := fs.Stat(c.tree, clean(p))
	return err == nil
}

// Read returns the bytes of p, changed or not, as the candidate has them.
func (c *Check) Read(p string) ([]byte, error) {
	text, err := fs.ReadFile(c.tree, clean(p))
	if err != nil {
		return nil, fmt.Errorf("read the candidate: %w", err)
	}
	return text, nil
}

// Tree is the whole candidate, for walks.
func (c *Check) Tree() fs.FS { return c.tree }

func clean(p string) string {
	p = strings.TrimPrefix(path.Clean("/"+p), "/")
	if p == "" {
		return "."
	}
	return p
}

// Fail reports an error at a line of p; line 0 is the whole file. The check then
// fails.
func (c *Check) Fail(p string, line int, format string, args ...any) {
	c.failed = true
	c.say(finding{p, line, "error", fmt.Sprintf(format, args...)})
}

// Warn reports what a person should look at. It does not fail the check.
func (c *Check) Warn(p string, line int, format string, args ...any) {
	c.say(finding{p, line, "warning", fmt.Sprintf(format, args...)})
}

// finding is a line of the contract.
type finding struct {
	Path    string `json:"path,omitempty"`
	Line    int    `json:"line,omitempty"`
	Level   string `json:"level"`
	Message string `json:"message"`
}

func (c *Check) say(f finding) {
	text, err := json.Marshal(f)
	if err == nil {
		_, err = c.out.Write(append(text, '\n'))
	}
	c.broken = errors.Join(c.broken, err)
}
