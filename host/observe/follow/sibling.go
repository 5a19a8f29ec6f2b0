package follow

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rotation is what rotating programs put into a name: a number, a date, a
// time, or "old".
var rotation = regexp.MustCompile(`^[.\-_](old|prev|[0-9][0-9TZ:.\-_+]*)$`)

// rotatedName reports whether name is what rotation makes of base: "web.log.1",
// "web.log-20260102", "web.1.log", "web-2026-01-02T15-04-05.000.log". Compressed
// files are not: they hold what was followed before.
func rotatedName(base, name string) bool {
	if rest, ok := strings.CutPrefix(name, base); ok && rotation.MatchString(rest) {
		return true
	}
	ext := filepath.Ext(base)
	if ext == "" || ext == base {
		return false
	}
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(base, ext))
	if !ok {
		return false
	}
	middle, ok := strings.CutSuffix(rest, ext)
	return ok && rotation.MatchString(middle)
}

// sibling is a rotated file beside the one that is followed.
type sibling struct {
	path     string
	id       identity
	modified time.Time
}

// siblings returns the rotated files beside a path, the oldest first.
func siblings(path string) []sibling {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil
	}
	var out []sibling
	for _, e := range entries {
		if !e.Type().IsRegular() || !rotatedName(filepath.Base(path), e.Name()) {
			continue
		}
		full := filepath.Join(filepath.Dir(path), e.Name())
		info, err := e.Info()
		if err != nil {
			continue // renamed meanwhile: the next look finds it
		}
		id, err := identifyPath(full)
		if err != nil {
			continue
		}
		out = append(out, sibling{full, id, info.ModTime()})
	}
	slices.SortFunc(out, func(a, b sibling) int {
		return cmp.Or(a.modified.Compare(b.modified), cmp.Compare(counter(b.path), counter(a.path)), cmp.Compare(a.path, b.path))
	})
	return out
}

// stableSiblings lists until two lists in a row agree: a folder whose files are
// renamed while it is read may show a file twice, or not at all.
func stableSiblings(path string) []sibling {
	before := siblings(path)
	for range 20 {
		now := siblings(path)
		if slices.EqualFunc(before, now, func(a, b sibling) bool { return a.path == b.path && a.id == b.id }) {
			return now
		}
		before = now
	}
	return before
}

var counted = regexp.MustCompile(`[.\-_]([0-9]{1,4})(\.[^.]*)?$`)

// counter returns the number that rotation has put into a name, 0 where it has
// put a date. A higher number is an older file. It decides between files that
// were last written within the same tick of the kernel's clock.
func counter(path string) int {
	found := counted.FindStringSubmatch(filepath.Base(path))
	if found == nil {
		return 0
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		return 0
	}
	return n
}
