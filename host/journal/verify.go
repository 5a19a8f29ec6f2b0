package journal

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// Broken is the first place at which a journal is not what was written.
type Broken struct {
	// File is the name of a file in the journal's folder, Line a line in it, or 0 where the file as a whole is meant.
	File string
	Line int
	// Seq is the number that the record at this place should have, or 0 where no record is meant.
	Seq uint64
	// Reason completes the sentence "the line …" or "the file …".
	Reason string
}

// Error names file, line and record, and says what is wrong.
func (b *Broken) Error() string {
	switch {
	case b.Line == 0:
		return fmt.Sprintf("%s: %s", b.File, b.Reason)
	case b.Seq == 0:
		return fmt.Sprintf("%s line %d: %s", b.File, b.Line, b.Reason)
	}
	return fmt.Sprintf("%s line %d, where record %d belongs: %s", b.File, b.Line, b.Seq, b.Reason)
}

// Report is the result of a verification.
type Report struct {
	// Records is the number of good records before the first break, all of them where there is none.
	Records uint64
	// Head is the last good record.
	Head Head
	// Broken is the first break, nil where the journal is whole.
	Broken *Broken
}

// Verify reads the journal in dir as a whole, without changing it, and names the first record that is not what was
// written. It compares with the head file and with every anchor, a Head that was kept elsewhere; only an anchor finds a
// chain that was written anew, or cut together with its head file, by somebody who may write all files of the folder.
// The journal must not be open; see Journal.Verify. The error is one of reading.
func Verify(dir string, anchors ...Head) (Report, error) {
	saved, headErr := readHead(dir)
	return verify(verifier{dir: dir, anchors: byNumber(anchors)}, saved, headErr)
}

// Verify is the function Verify for a journal that is open. It looks at the records that are durable when it begins.
func (j *Journal) Verify(anchors ...Head) (Report, error) {
	// The head file is read first: it never names a record that is not yet visible in Head.
	saved, headErr := readHead(j.dir)
	head := j.Head()
	return verify(verifier{dir: j.dir, anchors: byNumber(anchors), until: &head}, saved, headErr)
}

// verify runs v, with the head file as one more anchor.
func verify(v verifier, saved Head, headErr error) (Report, error) {
	if isReadError(headErr) {
		return Report{}, fmt.Errorf("verify journal %s: read its head: %w", v.dir, headErr)
	}
	if headErr == nil {
		v.anchors[saved.Seq] = append(v.anchors[saved.Seq], saved.Hash)
	}
	if err := v.walk(); err != nil {
		return Report{}, fmt.Errorf("verify journal %s: %w", v.dir, err)
	}
	v.atEnd(headErr)
	return v.report, nil
}

func isReadError(err error) bool {
	var path *os.PathError
	return errors.As(err, &path)
}

// byNumber lists the hashes that a record must have.
func byNumber(anchors []Head) map[uint64][]string {
	out := map[uint64][]string{}
	for _, a := range anchors {
		out[a.Seq] = append(out[a.Seq], a.Hash)
	}
	return out
}

// verifier walks over all segments and stops at the first break.
type verifier struct {
	dir     string
	anchors map[uint64][]string
	// until is the last record to look at, nil for all there is.
	until  *Head
	report Report
}

// walk checks the segments one after the other.
func (v *verifier) walk() error {
	v.report.Head = start()
	list, strange, err := segments(v.dir)
	if err != nil {
		return err
	}
	if len(strange) > 0 {
		v.report.Broken = &Broken{File: strange[0], Reason: "its name is not that of a segment"}
		return nil
	}
	v.anchored(Head{Hash: genesis}, headFile, 0)
	for _, s := range list {
		if v.done() {
			return nil
		}
		if err := v.segment(s); err != nil {
			return err
		}
	}
	return nil
}

// done reports whether there is nothing more to look at.
func (v *verifier) done() bool {
	return v.report.Broken != nil || v.until != nil && v.report.Head.Seq >= v.until.Seq
}

func (v *verifier) segment(s segment) error {
	file, err := s.open(os.O_RDONLY)
	if err != nil {
		return err
	}
	defer file.Close()
	if want := v.report.Head.Seq + 1; s.first != want {
		v.report.Broken = &Broken{File: s.name(), Line: 1, Seq: want, Reason: fmt.Sprintf("the segment begins with record %d: a segment is missing or was renamed", s.first)}
		return nil
	}
	l := newLines(file)
	for !v.done() {
		record, err := l.link(v.report.Head)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return v.breakAt(s, l.number, err)
		}
		v.report.Head, v.report.Records = record.head(), v.report.Records+1
		v.anchored(v.report.Head, s.name(), l.number)
	}
	return nil
}

// breakAt reports a line that is wrong. An error of reading is not the journal's fault and is returned.
func (v *verifier) breakAt(s segment, line int, err error) error {
	if isReadError(err) {
		return err
	}
	reason := "the line " + err.Error()
	if errors.Is(err, errUnfinished) {
		reason += "; a crash leaves such a line, and the next start cuts it and records so"
	}
	v.report.Broken = &Broken{File: s.name(), Line: line, Seq: v.report.Head.Seq + 1, Reason: reason}
	return nil
}

// anchored compares one record with the hashes that were kept elsewhere.
func (v *verifier) anchored(head Head, file string, line int) {
	for _, hash := range v.anchors[head.Seq] {
		if hash != head.Hash && v.report.Broken == nil {
			v.report.Broken = &Broken{File: file, Line: line, Seq: head.Seq, Reason: "the record is not the one that the head file or an anchor names: it was replaced, or they were edited"}
		}
	}
	delete(v.anchors, head.Seq)
}

// atEnd looks whether records are missing behind the last one.
func (v *verifier) atEnd(headErr error) {
	last := v.report.Head.Seq
	switch {
	case v.report.Broken != nil:
	case errors.Is(headErr, errNoHead) && last == 0 && len(v.anchors) == 0:
	case headErr != nil:
		v.report.Broken = &Broken{File: headFile, Reason: "the head file " + headErr.Error()}
	case len(v.anchors) > 0:
		was := slices.Max(slices.Collect(maps.Keys(v.anchors)))
		v.report.Broken = &Broken{File: headFile, Seq: last + 1, Reason: fmt.Sprintf("the journal ends with record %d, but there was a record %d: records are missing at the end", last, was)}
	}
}
