package heal

import (
	"sync"

	"github.com/homeostat/homeostat/host/heal/effect"
)

// writer hands batches of effects, in order, to one goroutine, so that nobody
// who reports an anomaly waits for a disk. While a disk hangs the queue grows,
// but only by what is new: an anomaly that is merely seen again queues nothing.
// The writer also counts what is under way: batches that wait, the one being
// carried out, and spawned answers.
type writer struct {
	mu     sync.Mutex // guards what follows
	change *sync.Cond
	queue  [][]effect.Effect
	tasks  int
	closed bool
}

func newWriter() *writer {
	w := &writer{}
	w.change = sync.NewCond(&w.mu)
	return w
}

func (w *writer) push(batch []effect.Effect) {
	if len(batch) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = append(w.queue, batch)
	w.tasks++
	w.change.Broadcast()
}

// spawn runs f in a goroutine that idle waits for. What f pushes or spawns is
// counted before f itself ends, so idle never returns in between.
func (w *writer) spawn(f func()) {
	w.mu.Lock()
	w.tasks++
	w.mu.Unlock()
	go func() {
		defer w.done()
		f()
	}()
}

func (w *writer) done() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tasks--
	w.change.Broadcast()
}

// run carries batches out until close is called and the queue is empty.
func (w *writer) run(carry func([]effect.Effect)) {
	for {
		batch, ok := w.take()
		if !ok {
			return
		}
		carry(batch)
		w.done()
	}
}

func (w *writer) take() ([]effect.Effect, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) == 0 {
		if w.closed {
			return nil, false
		}
		w.change.Wait()
	}
	batch := w.queue[0]
	w.queue = w.queue[1:]
	return batch, true
}

// idle waits until nothing is under way.
func (w *writer) idle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.tasks > 0 {
		w.change.Wait()
	}
}

func (w *writer) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.change.Broadcast()
}
