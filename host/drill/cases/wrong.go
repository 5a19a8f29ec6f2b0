package cases

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/drill/lab"
	"github.com/homeostat/homeostat/host/drill/sight"
)

// wrong are the rows about inputs that must be refused before anything is touched.
func wrong() []Case {
	return []Case{
		{ID: "F14", Title: "wrong inputs", Does: "paths outside, .., links out, devices, hard links, unknown roots and fields, a huge body",
			Expects: "each is refused with a sentence, nothing is touched", Run: wrongInputs},
	}
}

// input is one wrong input. Raw replaces the edit by a body.
type input struct {
	name string
	edit api.ChangeEdit
	root string
	raw  any
}

// tooLarge is beyond what the daemon takes as one body.
const tooLarge = 80 << 20

func wrongInputs(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	if err := traps(l); err != nil {
		return err
	}
	before := listing(l)
	for _, in := range []input{
		{name: "absolute path", edit: lab.Write("/etc/drill", "x")},
		{name: "path with ..", edit: lab.Write("../drill", "x")},
		{name: "link out", edit: lab.Write("out/drill", "x")},
		{name: "pipe", edit: lab.Write("pipe", "x")},
		{name: "hard link", edit: lab.Write("twin", "x")},
		{name: "wrong base", edit: api.ChangeEdit{Path: "a", Content: new(string), Base: strings.Repeat("0", 64)}},
		{name: "unknown kind", edit: api.ChangeEdit{Kind: "append", Path: "a"}},
		{name: "unknown root", root: "nowhere", edit: lab.Write("a", "x")},
		{name: "unknown field", raw: map[string]any{"root": lab.Root, "edit": "typo"}},
		{name: "no JSON object", raw: []int{1}},
		{name: "huge body", raw: map[string]any{"root": lab.Root, "reason": strings.Repeat("x", tooLarge)}},
	} {
		if err := in.try(ctx, l, s); err != nil {
			return err
		}
	}
	s.Is("files", listing(l), before)
	return nil
}

// traps makes what must not be written to.
func traps(l *lab.Lab) error {
	for _, name := range []string{"a", "twin"} {
		if err := l.Write(name, "before"); err != nil {
			return err
		}
	}
	if err := os.Link(l.Path("twin"), l.Beside("twin")); err != nil {
		return err
	}
	if err := os.Symlink("..", l.Path("out")); err != nil {
		return err
	}
	return unix.Mkfifo(l.Path("pipe"), 0o600)
}

func (in input) try(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	var err error
	var c api.Change
	if in.raw != nil {
		err = l.Raw(ctx, in.raw)
	} else {
		root := in.root
		if root == "" {
			root = lab.Root
		}
		c, err = l.SubmitTo(ctx, root, in.edit)
	}
	switch code := lab.Status(err); {
	case err == nil:
		s.Is(fmt.Sprintf("%s is %s: %s", in.name, c.State, c.Why), c.State == record.Refused && len(c.Refusals) > 0 && c.Refusals[0].Hint != "", true)
	case code >= http.StatusBadRequest && code < http.StatusInternalServerError:
		s.Is(fmt.Sprintf("%s gets %d: %s", in.name, code, err), len(err.Error()) > 0, true)
	default:
		return fmt.Errorf("%s: %w", in.name, err)
	}
	return nil
}

// listing is the root and what lies beside it, with contents.
func listing(l *lab.Lab) string {
	var b strings.Builder
	for _, dir := range []string{l.Path("."), l.Beside(".")} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err.Error()
		}
		for _, e := range entries {
			fmt.Fprintf(&b, "%s %s, ", e.Name(), e.Type())
		}
	}
	return b.String() + l.Read("a") + l.Read("twin")
}
