package worker

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
)

// clock is the time that a guest sees. It starts where the job says and moves by
// tick with every look and by the whole of every sleep, so the same program sees
// the same times on every run, and sleeping costs nothing.
type clock struct{ now int64 }

// tick is one look at the clock, in nanoseconds.
const tick = 1000

func (c *clock) nano() int64 {
	c.now += tick
	return c.now
}

func (c *clock) wall() (sec int64, nsec int32) {
	now := c.nano()
	return now / 1e9, int32(now % 1e9)
}

func (c *clock) sleep(ns int64) { c.now += max(ns, 0) }

// randomness returns the guest's random bytes, which the seed alone decides.
func randomness(seed uint64) io.Reader {
	var key [32]byte
	copy(key[:], "homeostat sandbox guest ")
	binary.LittleEndian.PutUint64(key[24:], seed)
	return rand.NewChaCha8(key)
}

// capped passes bytes on until left is used up, then calls flooded, which does not
// return. A writer that only failed would leave a guest that ignores errors
// running to its deadline.
type capped struct {
	to      io.Writer
	left    int64
	flooded func()
}

func (c *capped) Write(p []byte) (int, error) {
	if int64(len(p)) <= c.left {
		c.left -= int64(len(p))
		return c.to.Write(p)
	}
	_, _ = c.to.Write(p[:c.left]) // the guest is ended in any case
	c.left = 0
	c.flooded()
	return 0, io.ErrShortWrite
}
