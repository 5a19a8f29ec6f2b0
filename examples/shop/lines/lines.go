// Package lines keeps a file to which lines are appended, each durable when Append
// returns and each whole or not there.
//
// It owns the file; what a line means is the caller's. A File belongs to one
// goroutine at a time.
package lines

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// File is an open file of lines. Open is the only way to one.
type File struct {
	file *os.File
	size int64 // of the whole lines
}

// Open calls each for every line of the file at path, which may be missing, with the
// newline at its end. A last line that a crash cut short is dropped. An error of each
// ends it, and is returned with the place of the line.
func Open(path string, each func(line []byte) error) (*File, error) {
	whole, err := replay(path, each)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	if err := file.Truncate(whole); err != nil {
		return nil, errors.Join(fmt.Errorf("cut the torn end of %s: %w", path, err), file.Close())
	}
	return &File{file, whole}, nil
}

// replay returns how many bytes of the file are whole lines.
func replay(path string, each func(line []byte) error) (whole int64, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // read only
	for in := bufio.NewReader(f); ; {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return whole, nil
		}
		if err == nil {
			err = each(line)
		}
		if err != nil {
			return 0, fmt.Errorf("read %s at byte %d: %w", path, whole, err)
		}
		whole += int64(len(line))
	}
}

// Append adds a line, to which it adds the newline. Half a line, which a full disk
// leaves, is cut off again, so that the next one begins at its own beginning.
func (f *File) Append(line []byte) error {
	line = append(line, '\n')
	_, err := f.file.Write(line)
	if err == nil {
		err = f.file.Sync()
	}
	if err != nil {
		return errors.Join(err, f.file.Truncate(f.size))
	}
	f.size += int64(len(line))
	return nil
}

// Check says whether lines can be kept: the file is open and still in place.
func (f *File) Check() error {
	mine, err := f.file.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(f.file.Name())
	if err != nil {
		return err
	}
	if !os.SameFile(mine, there) {
		return fmt.Errorf("%s was replaced by another file", f.file.Name())
	}
	return nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }
