package journal

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// segmentSuffix ends the name of a segment; before it stands the number of its first record in 20 digits.
const segmentSuffix = ".jsonl"

const segmentDigits = 20

func segmentName(first uint64) string {
	return fmt.Sprintf("%0*d%s", segmentDigits, first, segmentSuffix)
}

// segment is one file of a journal.
type segment struct {
	path  string
	first uint64
}

// segments lists the segments of dir in order, and the names of files that have the suffix but no number: one of them may
// be a segment that was renamed.
func segments(dir string) (list []segment, strange []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		digits, ok := strings.CutSuffix(e.Name(), segmentSuffix)
		if !ok {
			continue
		}
		first, err := strconv.ParseUint(digits, 10, 64)
		if err != nil || segmentName(first) != e.Name() {
			strange = append(strange, e.Name())
			continue
		}
		list = append(list, segment{path: filepath.Join(dir, e.Name()), first: first})
	}
	slices.SortFunc(list, func(a, b segment) int { return cmp.Compare(a.first, b.first) })
	return list, strange, nil
}

func (s segment) name() string { return filepath.Base(s.path) }

// open opens a segment without following a link.
func (s segment) open(flag int) (*os.File, error) {
	return os.OpenFile(s.path, flag|unix.O_NOFOLLOW, 0)
}

// lines walks over the lines of one segment.
type lines struct {
	reader *bufio.Reader
	// number counts lines from 1, offset the bytes of all whole lines so far.
	number int
	offset int64
}

func newLines(r io.Reader) *lines {
	return &lines{reader: bufio.NewReaderSize(r, MaxRecord+1)}
}

// errUnfinished says that a segment ends without a line end.
var errUnfinished = errors.New("is unfinished: its line has no end")

// next returns the next line without its end, valid until the following call. It returns io.EOF behind the last one.
func (l *lines) next() ([]byte, error) {
	line, err := l.reader.ReadSlice('\n')
	l.number++
	switch {
	case err == nil:
		l.offset += int64(len(line))
		return line[:len(line)-1], nil
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, fmt.Errorf("is longer than %d bytes", MaxRecord)
	case errors.Is(err, io.EOF) && len(line) == 0:
		return nil, io.EOF
	case errors.Is(err, io.EOF):
		return nil, errUnfinished
	}
	return nil, err
}

// link reads the next line as a record that follows head.
func (l *lines) link(head Head) (link, error) {
	line, err := l.next()
	if err != nil {
		return link{}, err
	}
	next, err := parseLink(line)
	if err != nil {
		return link{}, err
	}
	return next, next.follows(head)
}

// first reads the first line of segment s, whatever record it says came before.
func (l *lines) first(s segment) (link, error) {
	line, err := l.next()
	if err != nil {
		return link{}, err
	}
	first, err := parseLink(line)
	if err == nil && first.Seq != s.first {
		err = fmt.Errorf("has number %d in a segment that begins with %d", first.Seq, s.first)
	}
	return first, err
}
