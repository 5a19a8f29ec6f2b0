package follow

import (
	"fmt"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// begin finds the place to start from.
func (f *follower) begin() {
	beside := siblings(f.target.Path)
	defer f.remember(beside)
	f.set.mu.Lock()
	c, known := f.set.saved[f.target]
	f.set.mu.Unlock()
	if known {
		f.resume(c, beside)
		return
	}
	s, err := openSource(f.target.Path)
	if err != nil {
		f.missing(err)
		return
	}
	f.current = s
	s.seek(s.first(time.Now()))
}

// resume goes on at a checkpoint: in the file of that name, or in a rotated
// one and then in all that are newer.
func (f *follower) resume(c checkpoint, beside []sibling) {
	if s := f.openIf(f.target.Path, c, c.itself); s != nil {
		f.current = s
		f.goOn(s, c)
		return
	}
	at, s := f.search(c, beside)
	if s != nil {
		f.draining = append(f.draining, s)
		f.goOn(s, c)
		for _, newer := range beside[at+1:] {
			if s, err := openSource(newer.path); err == nil {
				f.draining = append(f.draining, s)
			}
		}
	}
	next, err := openSource(f.target.Path)
	if err != nil {
		f.missing(err)
		return
	}
	f.current = next
	if s == nil {
		f.happened(sdk.EventGap, fmt.Sprintf("%s: the file that was read before is gone; lines that were added to it since are lost", f.target.Path))
	}
	f.bound(next)
}

// search finds the rotated file, or the copy, that a checkpoint was taken of.
func (f *follower) search(c checkpoint, beside []sibling) (int, *source) {
	copied := func(*source) bool { return c.Offset > 0 }
	for _, fits := range []func(*source) bool{c.itself, copied} {
		for i := len(beside) - 1; i >= 0; i-- {
			if s := f.openIf(beside[i].path, c, fits); s != nil {
				return i, s
			}
		}
	}
	return 0, nil
}

// itself reports that the source is the very file of the checkpoint.
func (c checkpoint) itself(s *source) bool { return s.id == c.ID }

// openIf opens a file if it holds what the checkpoint says and fits it besides.
func (f *follower) openIf(path string, c checkpoint, fits func(*source) bool) *source {
	s, err := openSource(path)
	if err != nil {
		return nil
	}
	if s.holds(c) && fits(s) {
		return s
	}
	s.close()
	return nil
}

// goOn moves a source to a checkpoint.
func (f *follower) goOn(s *source, c checkpoint) {
	s.seek(c.Offset)
	s.split.skipping = c.Skipping
	f.bound(s)
}

// bound leaves out what is more than MaxBacklog behind the end.
func (f *follower) bound(s *source) {
	behind := s.size() - s.offset
	if behind <= MaxBacklog {
		return
	}
	s.seek(s.size() - MaxBacklog)
	f.happened(sdk.EventGap, fmt.Sprintf("%s: %d bytes were added while nobody looked, the first %d are left out",
		f.target.Path, behind, behind-MaxBacklog))
}
