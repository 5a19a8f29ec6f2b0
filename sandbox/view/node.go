package view

import (
	"io"
	"io/fs"
)

// pageSize is the unit in which guest writes are stored and charged, in bytes.
const pageSize = 4096

// node is one object of the upper layers: staged, or written by the guest.
type node struct {
	kind     Kind
	mode     fs.FileMode
	ino      uint64
	mtime    int64 // unix nanoseconds
	target   string
	children map[string]*node
	opaque   bool // a folder that shows nothing of the live root beneath it
	made     bool // counted against the quota of files
	content  content
	handles  int  // how often it is open
	gone     bool // removed while it was open
}

func folder(mode fs.FileMode) *node {
	return &node{kind: Folder, mode: mode.Perm(), children: map[string]*node{}}
}

// content is the bytes of a file: an unchanging base (staged bytes, or the live
// file) under pages that the guest wrote. Holes read as zeros and cost nothing,
// and changing one byte of a 10 GB file costs one page.
type content struct {
	base     io.ReaderAt
	baseSize int64 // how much of base is still visible
	pages    map[int64][]byte
	size     int64
}

func (c *content) readAt(buf []byte, off int64) int {
	if off >= c.size {
		return 0
	}
	n := int(min(int64(len(buf)), c.size-off))
	for done := 0; done < n; {
		at := off + int64(done)
		step := int(min(pageSize-at%pageSize, int64(n-done)))
		c.readPage(buf[done:done+step], at)
		done += step
	}
	return n
}

// readPage fills buf, which lies within one page, from off.
func (c *content) readPage(buf []byte, off int64) {
	if page, ok := c.pages[off/pageSize]; ok {
		copy(buf, page[off%pageSize:])
		return
	}
	clear(buf)
	if c.base != nil && off < c.baseSize {
		part := buf[:min(int64(len(buf)), c.baseSize-off)]
		_, _ = c.base.ReadAt(part, off) // a file that shrank meanwhile reads as zeros
	}
}

// writeAt stores buf at off. Every new page is paid for first; what could not be
// paid is not written, and the count says how much was.
func (c *content) writeAt(buf []byte, off int64, q *Quota) (int, bool) {
	for done := 0; done < len(buf); {
		at := off + int64(done)
		page, ok := c.page(at/pageSize, q)
		if !ok {
			return done, false
		}
		done += copy(page[at%pageSize:], buf[done:])
		c.size = max(c.size, off+int64(done))
	}
	return len(buf), true
}

func (c *content) page(index int64, q *Quota) ([]byte, bool) {
	if page, ok := c.pages[index]; ok {
		return page, true
	}
	if !q.charge(pageSize) {
		return nil, false
	}
	page := make([]byte, pageSize)
	c.readPage(page, index*pageSize)
	if c.pages == nil {
		c.pages = map[int64][]byte{}
	}
	c.pages[index] = page
	return page, true
}

func (c *content) truncate(size int64, q *Quota) {
	if size < c.size {
		c.baseSize = min(c.baseSize, size)
		for index, page := range c.pages {
			switch start := index * pageSize; {
			case start >= size:
				delete(c.pages, index)
				q.refund(pageSize)
			case start+pageSize > size:
				clear(page[size-start:])
			}
		}
	}
	c.size = size
}

// drop gives back what the content cost and closes a live base file.
func (c *content) drop(q *Quota) {
	q.refund(int64(len(c.pages)) * pageSize)
	if closer, ok := c.base.(io.Closer); ok {
		_ = closer.Close() // opened read-only: nothing to lose
	}
	*c = content{}
}
