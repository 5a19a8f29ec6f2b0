package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/homeostat/homeostat/sandbox/view"
	"golang.org/x/sys/unix"
)

// headerSize is the length of the job's JSON, as 8 bytes in front of it.
const headerSize = 8

// maxJob bounds the JSON of a job, in bytes.
const maxJob = 64 << 20

// Bundle gathers the bytes of a job.
type Bundle struct {
	blobs [][]byte
	size  int64
}

// Add appends data and says where it will be found.
func (b *Bundle) Add(data []byte) Span {
	span := Span{Off: b.size, Len: int64(len(data))}
	b.blobs = append(b.blobs, data)
	b.size += span.Len
	return span
}

// File writes the job and the bytes into a memory file and seals it: from then on
// nobody can change what was hashed. The caller closes it.
func (b *Bundle) File(job Job) (*os.File, error) {
	head, err := json.Marshal(job)
	if err != nil {
		return nil, fmt.Errorf("encode sandbox job: %w", err)
	}
	fd, err := unix.MemfdCreate("homeostat-job", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("memory file for a sandbox job: %w", err)
	}
	f := os.NewFile(uintptr(fd), "homeostat-job")
	if err := b.fill(f, head); err != nil {
		return nil, errors.Join(fmt.Errorf("write sandbox job: %w", err), f.Close())
	}
	return f, nil
}

func (b *Bundle) fill(f *os.File, head []byte) error {
	size := binary.LittleEndian.AppendUint64(nil, uint64(len(head)))
	for _, part := range append([][]byte{size, head}, b.blobs...) {
		if _, err := f.Write(part); err != nil {
			return err
		}
	}
	const seals = unix.F_SEAL_WRITE | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL
	_, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals)
	return err
}

// Opened is a bundle as the worker sees it: mapped, not copied.
type Opened struct {
	Job   Job
	blobs []byte
}

// Open maps the bundle behind f. The mapping lasts as long as the process.
func Open(f *os.File) (*Opened, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("sandbox job: %w", err)
	}
	if info.Size() < headerSize {
		return nil, errors.New("sandbox job: too short")
	}
	all, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map sandbox job: %w", err)
	}
	return decode(all)
}

func decode(all []byte) (*Opened, error) {
	if len(all) < headerSize {
		return nil, errors.New("sandbox job: too short")
	}
	n := binary.LittleEndian.Uint64(all)
	if n > maxJob || n > uint64(len(all)-headerSize) {
		return nil, fmt.Errorf("sandbox job: says it has %d bytes of JSON, has %d", n, len(all)-headerSize)
	}
	o := &Opened{blobs: all[headerSize+n:]}
	if err := json.Unmarshal(all[headerSize:headerSize+n], &o.Job); err != nil {
		return nil, fmt.Errorf("sandbox job: %w", err)
	}
	if len(o.Job.Staged) != len(o.Job.View.Staged) {
		return nil, fmt.Errorf("sandbox job: %d staged entries, bytes of %d", len(o.Job.View.Staged), len(o.Job.Staged))
	}
	return o, nil
}

// Blob returns the bytes of a span. They must not be written.
func (o *Opened) Blob(s Span) ([]byte, error) {
	size := int64(len(o.blobs))
	if s.Off < 0 || s.Len < 0 || s.Off > size || s.Len > size-s.Off {
		return nil, fmt.Errorf("sandbox job: span %d+%d lies outside %d bytes", s.Off, s.Len, size)
	}
	return o.blobs[s.Off : s.Off+s.Len : s.Off+s.Len], nil
}

// Candidate returns the job's view with the staged bytes in place.
func (o *Opened) Candidate() (view.View, error) {
	v := o.Job.View
	for i, span := range o.Job.Staged {
		data, err := o.Blob(span)
		if err != nil {
			return v, err
		}
		v.Staged[i].Data = data
	}
	return v, nil
}
