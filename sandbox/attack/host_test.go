package attack_test

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// host watches this process and its children while an attack runs: how long a
// 1 ms ticker had to wait, and how much memory all of them had beyond the start.
type host struct {
	stop     chan struct{}
	watching sync.WaitGroup
	gap      time.Duration
	memory   int64 // bytes, peak beyond the start
}

func watchHost(worker string) *host {
	h := &host{stop: make(chan struct{})}
	h.watching.Go(h.tick)
	h.watching.Go(func() { h.weigh(worker) })
	return h
}

// quietGap is how long the ticker waits on this machine without any attack: other
// work delays it as well, and that is no fault of the sandbox.
func quietGap() time.Duration {
	if !*full {
		return 0
	}
	h := &host{stop: make(chan struct{})}
	h.watching.Go(h.tick)
	<-time.After(500 * time.Millisecond) // as long as an attack may live
	h.end()
	return h.gap
}

func (h *host) end() {
	close(h.stop)
	h.watching.Wait()
}

func (h *host) tick() {
	t := time.NewTicker(time.Millisecond)
	defer t.Stop()
	last := time.Now()
	for {
		select {
		case <-h.stop:
			return
		case <-t.C:
			now := time.Now()
			h.gap = max(h.gap, now.Sub(last))
			last = now
		}
	}
}

func (h *host) weigh(worker string) {
	t := time.NewTicker(5 * time.Millisecond)
	defer t.Stop()
	before := resident("self")
	others := map[string]bool{}
	for {
		sum := resident("self") - before
		for _, pid := range children(worker, others) {
			sum += resident(pid)
		}
		h.memory = max(h.memory, sum)
		select {
		case <-h.stop:
			return
		case <-t.C:
		}
	}
}

// children lists the processes named worker that this process started. Processes
// that are not are remembered in others.
func children(worker string, others map[string]bool) []string {
	list, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var out []string
	me := strconv.Itoa(os.Getpid())
	for _, d := range list {
		pid := d.Name()
		if pid[0] < '0' || pid[0] > '9' || others[pid] {
			continue
		}
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		_, rest, ok := bytes.Cut(stat, []byte(") "))
		fields := strings.Fields(string(rest))
		if err != nil || !ok || len(fields) < 2 || fields[1] != me {
			others[pid] = true
			continue
		}
		if line, err := os.ReadFile("/proc/" + pid + "/cmdline"); err == nil && bytes.HasPrefix(line, []byte(worker)) {
			out = append(out, pid)
		}
	}
	return out
}

func resident(pid string) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%s/statm", pid))
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
