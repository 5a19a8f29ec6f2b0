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

// held counts the operations of one name on segments and holds the first one until release is closed.
type held struct {
	name    string
	release chan struct{}
	count   atomic.Int64
}

// Enter implements atomicfile.Gate.
func (g *held) Enter(op atomicfile.Op) error {
	if op.Name == g.name && strings.HasSuffix(op.Path, segmentSuffix) && g.count.Add(1) == 1 {
		<-g.release
	}
	return nil
}
