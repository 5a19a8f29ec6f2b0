package view

import (
	"errors"
	"io"
	"os"

	"github.com/tetratelabs/wazero/experimental/sys"
	wsys "github.com/tetratelabs/wazero/sys"

	"github.com/homeostat/homeostat/sandbox/internal/liveroot"
)

// fileOffset is int64 under another name. The signature of Seek is wazero's, and
// vet holds any method Seek(int64, int) to io.Seeker's.
type fileOffset = int64

// opened gives a place back to the quota of open files, once.
type opened struct{ closed bool }

func (o *opened) close(f *FS) {
	if !o.closed {
		o.closed = true
		f.opt.Quota.Open++
	}
}

// liveFile reads a file of the live root.
type liveFile struct {
	sys.UnimplementedFile
	opened
	fs    *FS
	entry entry
	file  *os.File
}

func (l *liveFile) Dev() (uint64, sys.Errno)              { return 0, 0 }
func (l *liveFile) Ino() (wsys.Inode, sys.Errno)          { return pathInode(l.entry.path), 0 }
func (l *liveFile) IsDir() (bool, sys.Errno)              { return false, 0 }
func (l *liveFile) Stat() (wsys.Stat_t, sys.Errno)        { return l.fs.stat(l.entry), 0 }
func (l *liveFile) Sync() sys.Errno                       { return 0 }
func (l *liveFile) Datasync() sys.Errno                   { return 0 }
func (l *liveFile) Write([]byte) (int, sys.Errno)         { return 0, sys.EBADF }
func (l *liveFile) Truncate(int64) sys.Errno              { return sys.EBADF }
func (l *liveFile) Utimens(int64, int64) sys.Errno        { return sys.EROFS }
func (l *liveFile) Read(buf []byte) (int, sys.Errno)      { return count(l.file.Read(buf)) }
func (l *liveFile) Pwrite([]byte, int64) (int, sys.Errno) { return 0, sys.EBADF }

func (l *liveFile) Pread(buf []byte, off int64) (int, sys.Errno) {
	return count(l.file.ReadAt(buf, off))
}

func (l *liveFile) Seek(offset fileOffset, whence int) (int64, sys.Errno) {
	if whence < io.SeekStart || whence > io.SeekEnd {
		return 0, sys.EINVAL
	}
	at, err := l.file.Seek(offset, whence)
	return at, liveroot.Errno(err)
}

func (l *liveFile) Close() sys.Errno {
	l.close(l.fs)
	return liveroot.Errno(l.file.Close())
}

func count(n int, err error) (int, sys.Errno) {
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, liveroot.Errno(err)
}

// memFile is a staged file, or one that the guest wrote.
type memFile struct {
	sys.UnimplementedFile
	opened
	fs     *FS
	entry  entry
	at     int64
	read   bool
	write  bool
	append bool
}

func (m *memFile) Dev() (uint64, sys.Errno)       { return 0, 0 }
func (m *memFile) Ino() (wsys.Inode, sys.Errno)   { return m.entry.node.ino, 0 }
func (m *memFile) IsDir() (bool, sys.Errno)       { return false, 0 }
func (m *memFile) IsAppend() bool                 { return m.append }
func (m *memFile) Stat() (wsys.Stat_t, sys.Errno) { return m.fs.stat(m.entry), 0 }
func (m *memFile) Sync() sys.Errno                { return 0 }
func (m *memFile) Datasync() sys.Errno            { return 0 }

// SetAppend implements sys.File.
func (m *memFile) SetAppend(enable bool) sys.Errno {
	m.append = enable
	return 0
}

func (m *memFile) Read(buf []byte) (int, sys.Errno) {
	n, eno := m.Pread(buf, m.at)
	m.at += int64(n)
	return n, eno
}

func (m *memFile) Pread(buf []byte, off int64) (int, sys.Errno) {
	switch {
	case !m.read:
		return 0, sys.EBADF
	case off < 0:
		return 0, sys.EINVAL
	}
	return m.entry.node.content.readAt(buf, off), 0
}

func (m *memFile) Write(buf []byte) (int, sys.Errno) {
	if m.append {
		m.at = m.entry.node.content.size
	}
	n, eno := m.Pwrite(buf, m.at)
	m.at += int64(n)
	return n, eno
}

func (m *memFile) Pwrite(buf []byte, off int64) (int, sys.Errno) {
	switch {
	case !m.write:
		return 0, sys.EBADF
	case off < 0 || off+int64(len(buf)) < off:
		return 0, sys.EINVAL
	}
	n, ok := m.entry.node.content.writeAt(buf, off, &m.fs.opt.Quota)
	m.entry.node.mtime = m.fs.opt.Now()
	if !ok {
		m.fs.opt.Recorder.Refused("write", m.entry.path, "the quota of bytes is used up")
		return n, sys.EIO
	}
	return n, 0
}

func (m *memFile) Truncate(size int64) sys.Errno {
	switch {
	case !m.write:
		return sys.EBADF
	case size < 0:
		return sys.EINVAL
	}
	m.entry.node.content.truncate(size, &m.fs.opt.Quota)
	return 0
}

func (m *memFile) Seek(offset fileOffset, whence int) (int64, sys.Errno) {
	at := offset
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		at += m.at
	case io.SeekEnd:
		at += m.entry.node.content.size
	default:
		return 0, sys.EINVAL
	}
	if at < 0 {
		return 0, sys.EINVAL
	}
	m.at = at
	return at, 0
}

func (m *memFile) Utimens(_, mtim int64) sys.Errno {
	if !m.write {
		return sys.EBADF
	}
	if mtim != sys.UTIME_OMIT {
		m.entry.node.mtime = mtim
	}
	return 0
}

// Close gives back what a file cost that was removed while it was open.
func (m *memFile) Close() sys.Errno {
	if !m.closed {
		n := m.entry.node
		if n.handles--; n.handles == 0 && n.gone {
			m.fs.release(n)
		}
	}
	m.close(m.fs)
	return 0
}

// dirFile lists a folder. The listing is taken at the first read and kept until
// the guest rewinds.
type dirFile struct {
	sys.DirFile
	opened
	fs    *FS
	entry entry
	list  []sys.Dirent
	ready bool
	at    int
}

func (d *dirFile) Dev() (uint64, sys.Errno)       { return 0, 0 }
func (d *dirFile) Ino() (wsys.Inode, sys.Errno)   { return d.fs.stat(d.entry).Ino, 0 }
func (d *dirFile) Stat() (wsys.Stat_t, sys.Errno) { return d.fs.stat(d.entry), 0 }
func (d *dirFile) Sync() sys.Errno                { return 0 }
func (d *dirFile) Datasync() sys.Errno            { return 0 }
func (d *dirFile) Utimens(int64, int64) sys.Errno { return sys.EPERM }

// Seek implements sys.File; folders only rewind.
func (d *dirFile) Seek(offset fileOffset, whence int) (int64, sys.Errno) {
	if offset != 0 || whence != io.SeekStart {
		return 0, sys.EINVAL
	}
	d.list, d.ready, d.at = nil, false, 0
	return 0, 0
}

func (d *dirFile) Readdir(n int) ([]sys.Dirent, sys.Errno) {
	if !d.ready {
		now, eno := d.fs.lookup(d.entry.path) // the guest may own it by now
		if eno != 0 {
			return nil, eno
		}
		list, eno := d.fs.list(now)
		if eno != 0 {
			return nil, eno
		}
		d.list, d.ready = list, true
	}
	rest := d.list[d.at:]
	if n > 0 && len(rest) > n {
		rest = rest[:n]
	}
	d.at += len(rest)
	return rest, 0
}

func (d *dirFile) Close() sys.Errno {
	d.close(d.fs)
	return 0
}
