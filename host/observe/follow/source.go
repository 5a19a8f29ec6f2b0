package follow

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// How many bytes of a file are remembered to recognise it.
const (
	headSize = 256
	tailSize = 64
)

// source is one open file and the position in it.
type source struct {
	file   *os.File
	id     identity
	offset int64 // of the next byte to read
	split  splitter
	head   []byte // the first bytes of the file
	tail   []byte // the last bytes before offset
	grown  time.Time
}

// openSource opens a regular file. It does not wait for a writer, as opening a
// pipe would.
func openSource(path string) (*source, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("follow %s: not a regular file", path)
	}
	var id identity
	if err == nil {
		id, err = identify(f)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &source{file: f, id: id, grown: time.Now()}, nil
}

func (s *source) size() int64 {
	info, err := s.file.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

// place is where a source stands.
type place struct {
	id     identity
	offset int64
	held   int
}

func (s *source) place() place { return place{s.id, s.offset, len(s.split.partial)} }

// first returns where to begin in a file that was never read: at the end,
// unless the file is young.
func (s *source) first(now time.Time) int64 {
	if s.id.Birth != 0 && now.Sub(time.Unix(0, s.id.Birth)) <= youngFile {
		return 0
	}
	return s.size()
}

// seek moves to an offset. Where that is within a line, the rest of the line
// is left out.
func (s *source) seek(offset int64) {
	s.offset = offset
	s.head = s.at(0, min(headSize, offset))
	s.tail = s.at(max(0, offset-tailSize), min(tailSize, offset))
	s.split = splitter{skipping: offset > 0 && !bytes.HasSuffix(s.tail, []byte("\n"))}
}

// at returns up to n bytes from an offset on.
func (s *source) at(offset, n int64) []byte {
	data := make([]byte, n)
	got, err := s.file.ReadAt(data, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	return data[:got]
}

// read reads up to the size of the buffer and returns the number of bytes, 0 at
// the end of the file.
func (s *source) read(buf []byte, emit func(string, bool)) (int, error) {
	if data, err := unix.Seek(int(s.file.Fd()), s.offset, unix.SEEK_DATA); err == nil && data > s.offset {
		s.seek(data) // the bytes in between are a hole: nothing to read
	}
	n, err := s.file.ReadAt(buf, s.offset)
	if n == 0 {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return 0, err
	}
	data := buf[:n]
	if room := headSize - len(s.head); room > 0 && int64(len(s.head)) == s.offset {
		s.head = append(s.head, data[:min(room, n)]...)
	}
	s.tail = append(s.tail, data[max(0, n-tailSize):]...)
	s.tail = s.tail[max(0, len(s.tail)-tailSize):]
	s.offset += int64(n)
	s.grown = time.Now()
	s.split.feed(data, emit)
	return n, nil
}

// continues reports whether the file still holds what was read of it. A head
// or tail that became a hole counts as the same: files are bounded that way.
func (s *source) continues() bool {
	if s.size() < s.offset {
		return false
	}
	return sameOrHole(s.at(0, int64(len(s.head))), s.head) &&
		sameOrHole(s.at(s.offset-int64(len(s.tail)), int64(len(s.tail))), s.tail)
}

func sameOrHole(now, before []byte) bool {
	return bytes.Equal(now, before) || len(now) == len(before) && len(bytes.Trim(now, "\x00")) == 0
}

// holds reports whether this file is, or is a copy of, the one that the
// checkpoint was taken of.
func (s *source) holds(c checkpoint) bool {
	if s.size() < c.Offset {
		return false
	}
	head := s.at(0, int64(c.Head.Len))
	tail := s.at(c.Offset-int64(c.Tail.Len), int64(c.Tail.Len))
	hole := s.id == c.ID && len(bytes.Trim(head, "\x00")) == 0
	return (hole || digestOf(head) == c.Head) && digestOf(tail) == c.Tail
}

// checkpoint returns the position behind the last whole line.
func (s *source) checkpoint() checkpoint {
	held := int64(len(s.split.partial))
	at := s.offset - held
	tail := s.tail
	if held > 0 {
		tail = s.at(max(0, at-tailSize), min(tailSize, at))
	}
	head := s.head[:min(int64(len(s.head)), at)]
	return checkpoint{ID: s.id, Offset: at, Head: digestOf(head), Tail: digestOf(tail), Skipping: s.split.skipping}
}

func (s *source) close() {
	// Nothing was written, so there is nothing that closing could lose.
	_ = s.file.Close()
}
