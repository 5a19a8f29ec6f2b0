package backup

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/backup/pack"
	"github.com/homeostat/homeostat/host/backup/tree"
)

// attempts is how often a file that changes while it is read is read.
const attempts = 3

// errNothingNew ends the writing of a pack that would be empty.
var errNothingNew = errors.New("nothing new")

// reading is the part of a backup that reads contents: several goroutines read, hash and compress, and add to one pack.
// They end when all is read or one of them fails; contents waits for them.
type reading struct {
	store    *Store
	root     *os.File
	entries  []Entry
	todo     []int
	progress func(Progress)
	stored   int64

	mu   sync.Mutex
	pack *pack.Writer
	mine map[pack.Hash]bool // pieces of this backup, being compressed or written
	done Progress
}

// contents reads all that is to be read into a new pack, which is durable when it returns nil. Without new pieces there
// is no new pack.
func (r *reading) contents(ctx context.Context, id string) error {
	if len(r.todo) == 0 {
		return nil
	}
	r.mine = map[pack.Hash]bool{}
	r.done.TotalFiles = len(r.todo)
	for _, i := range r.todo {
		r.done.TotalBytes += r.entries[i].Size
	}
	name := fmt.Sprintf("%s.%d.pack", id, time.Now().UnixNano())
	err := r.store.ops.Write(filepath.Join(r.store.packDir(), name), 0o600, func(w io.Writer) error {
		return r.fill(ctx, w)
	})
	if errors.Is(err, errNothingNew) {
		return nil
	}
	if err != nil {
		return err
	}
	return r.store.loadPack(name)
}

func (r *reading) fill(ctx context.Context, w io.Writer) error {
	out := bufio.NewWriterSize(w, 1<<20)
	var err error
	if r.pack, err = pack.NewWriter(out); err != nil {
		return err
	}
	if err := r.readAll(ctx); err != nil {
		return err
	}
	if r.pack.Pieces() == 0 {
		return errNothingNew
	}
	if err := r.pack.Finish(); err != nil {
		return err
	}
	r.stored = r.pack.Size()
	return out.Flush()
}

// readAll shares the files out among one goroutine per processor.
func (r *reading) readAll(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	jobs := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			var buffer []byte
			for i := range jobs {
				if buffer == nil {
					buffer = make([]byte, pack.MaxPiece)
				}
				if err := r.entry(&r.entries[i], buffer); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, i := range r.todo {
		if ctx.Err() != nil {
			break
		}
		jobs <- i
	}
	close(jobs)
	workers.Wait()
	return context.Cause(ctx)
}

// entry reads one entry until it has held still during the reading.
func (r *reading) entry(e *Entry, buffer []byte) error {
	for range attempts {
		still, err := r.once(e, buffer)
		if errors.Is(err, unix.ENOENT) {
			*e = Entry{Path: e.Path, Kind: Absent}
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", e.Path, err)
		}
		if still {
			r.count(e)
			return nil
		}
	}
	return fmt.Errorf("read %s: it changed during each of %d attempts; back it up when its writer rests", e.Path, attempts)
}

func (r *reading) once(e *Entry, buffer []byte) (still bool, err error) {
	f, err := tree.Open(r.root, e)
	if err != nil {
		return false, err
	}
	defer f.Close()
	before := *e
	if before.Xattrs, err = tree.Xattrs(f); err != nil {
		return false, err
	}
	if e.Kind == File {
		if err := r.content(f, &before, buffer); err != nil {
			return false, err
		}
	}
	if err := tree.Refresh(f, e); err != nil {
		return false, err
	}
	if e.Kind == File && (before.CTime != e.CTime || before.MTime != e.MTime || before.Size != e.Size) {
		return false, nil
	}
	*e = before
	return true, nil
}

// content reads f piece by piece.
func (r *reading) content(f *os.File, e *Entry, buffer []byte) error {
	whole, size := sha256.New(), int64(0)
	for {
		n, err := io.ReadFull(f, buffer)
		if n > 0 {
			hash := pack.Hash(sha256.Sum256(buffer[:n]))
			if err := r.add(hash, buffer[:n]); err != nil {
				return err
			}
			e.Pieces = append(e.Pieces, hash)
			size += int64(n)
			if n == len(buffer) || len(e.Pieces) > 1 {
				whole.Write(buffer[:n])
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	e.Size = size
	sum := pack.Hash(whole.Sum(nil))
	if len(e.Pieces) == 1 && size < int64(len(buffer)) {
		sum = e.Pieces[0]
	}
	if e.Sum = &sum; len(e.Pieces) < 2 {
		e.Pieces = nil
	}
	return nil
}

// add puts a piece into the pack unless the store has it. Compressing happens outside the lock.
func (r *reading) add(hash pack.Hash, raw []byte) error {
	known := r.store.holder(hash) != nil
	r.mu.Lock()
	known = known || r.mine[hash]
	r.mine[hash] = true
	r.mu.Unlock()
	if known {
		return nil
	}
	piece := pack.Encode(hash, raw)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pack.Add(piece)
}

func (r *reading) count(e *Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done.Files++
	r.done.Bytes += e.Size
	if r.progress != nil {
		r.progress(r.done)
	}
}
