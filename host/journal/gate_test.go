package journal

import (
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/homeostat/homeostat/host/atomicfile"
)

// failOnce fails the next operation of one name on a segment with a full disk.
type failOnce struct {
	mu   sync.Mutex
	name string
}

func (g *failOnce) arm(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.name = name
}

// Enter implements atomicfile.Gate.
func (g *failOnce) Enter(op atomicfile.Op) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.name == "" || op.Name != g.name || !strings.HasSuffix(op.Path, segmentSuffix) {
		return nil
	}
	g.name = ""
	return syscall.ENOSPC
}

// heldWrite counts the writes to segments and holds the first one until release is closed.
type heldWrite struct {
	release chan struct{}
	writes  atomic.Int64
}

// Enter implements atomicfile.Gate.
func (g *heldWrite) Enter(op atomicfile.Op) error {
	if op.Name == "write" && strings.HasSuffix(op.Path, segmentSuffix) && g.writes.Add(1) == 1 {
		<-g.release
	}
	return nil
}
