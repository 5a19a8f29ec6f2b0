package follow

import (
	"os"
	"slices"

	"github.com/homeostat/homeostat/sdk"
)

// rotated looks whether the path names another file now. If so, that becomes
// the current one, and the one before and those in between are drained first.
func (f *follower) rotated() bool {
	id, err := identifyPath(f.target.Path)
	if err != nil || id == f.current.id {
		return false // between renaming and creating, the file that we have goes on
	}
	next, err := openSource(f.target.Path)
	if err != nil {
		return false
	}
	before := f.current.checkpoint()
	f.draining = append(f.draining, f.current)
	f.remember(f.between(next.id, before))
	f.current = next
	f.happened(sdk.EventLogRotated, f.target.Path+" was rotated")
	return true
}

// between drains the files that were created and rotated since the last look
// and before the next file, and returns all rotated files up to that. Those
// behind it, when it has been rotated itself by now, come with the next look.
// Names move while they are read, so it begins again until each name led to the
// file that was listed under it.
func (f *follower) between(next identity, before checkpoint) []sibling {
	for {
		beside := stableSiblings(f.target.Path)
		if at := slices.IndexFunc(beside, func(b sibling) bool { return b.id == next }); at >= 0 {
			beside = beside[:at+1]
		}
		stable := true
		for _, b := range beside {
			if !f.seen[b.id] && b.id != next && !f.isDraining(b.id) {
				stable = stable && f.drainUnseen(b, before)
			}
		}
		if stable || f.ctx.Err() != nil {
			return beside
		}
	}
}

// drainUnseen takes a rotated file into draining, unless it is a copy of what
// was read. It is false when the name leads elsewhere by now.
func (f *follower) drainUnseen(b sibling, before checkpoint) bool {
	s, err := openSource(b.path)
	if err != nil {
		return !os.IsNotExist(err)
	}
	if s.id != b.id {
		s.close()
		return false
	}
	if before.Offset > 0 && s.holds(before) {
		s.close()
		return true
	}
	f.draining = append(f.draining, s)
	return true
}

func (f *follower) isDraining(id identity) bool {
	return slices.ContainsFunc(f.draining, func(s *source) bool { return s.id == id })
}

// remember notes the rotated files that need not be read again.
func (f *follower) remember(beside []sibling) {
	clear(f.seen)
	for _, b := range beside {
		f.seen[b.id] = true
	}
}

// truncated starts the current file anew, after reading the rest of a copy that
// was made before the truncation.
func (f *follower) truncated() {
	c := f.current.checkpoint()
	beside := siblings(f.target.Path)
	if c.Offset > 0 {
		if _, s := f.search(c, beside); s != nil {
			f.goOn(s, c)
			f.draining = append(f.draining, s)
			f.current.split = splitter{}
		}
	}
	if len(f.current.split.partial) > 0 {
		f.current.split.flush(f.emit)
		f.hand()
	}
	f.current.seek(0)
	f.remember(beside)
	f.happened(sdk.EventLogRotated, f.target.Path+" was truncated")
}
