package load

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// kind is what a request is for.
type kind int

const (
	get kind = iota
	wide
	fill
)

// request is one command on its way.
type request struct {
	kind  kind
	key   int // of a get or wide, for the fetch when it is missing
	mix   *Mix
	meant time.Time
	bytes []byte
}

// dealer draws requests. It is used by one goroutine.
type dealer struct {
	rand *rand.Rand
	zipf func() int
	mix  *Mix // that zipf was made for
}

func newDealer(seed uint64) *dealer { return &dealer{rand: rand.New(rand.NewPCG(seed, 2))} }

// deal draws the next request.
func (d *dealer) deal(m *Mix, meant time.Time) request {
	if d.mix != m {
		d.mix, d.zipf = m, zipf(d.rand, m.Keys, m.Skew)
	}
	if d.rand.Float64()*(m.Gets+m.Wides) < m.Gets {
		key := d.zipf()
		return request{kind: get, key: key, mix: m, meant: meant, bytes: appendCommand(nil, "GET", valueKey(key))}
	}
	key := d.rand.IntN(m.Hashes)
	q := request{kind: wide, key: key, mix: m, meant: meant}
	if d.rand.IntN(renewals) == 0 {
		q.bytes = appendCommand(nil, "HSET", hashKey(key), field(d.rand.IntN(m.Fields)), "renewed")
		return q
	}
	words := []string{"HMGET", hashKey(key)}
	for range picked {
		words = append(words, field(d.rand.IntN(m.Fields)))
	}
	q.bytes = appendCommand(nil, words...)
	return q
}

// zipf returns draws of 0 to n-1 where n^-skew is how often each is drawn, by
// inverting the sum of the continuous curve; skew must not be 1.
func zipf(r *rand.Rand, n int, skew float64) func() int {
	top := math.Pow(float64(n)+1, 1-skew)
	return func() int {
		x := math.Pow(1+r.Float64()*(top-1), 1/(1-skew))
		return min(int(x)-1, n-1)
	}
}

func valueKey(n int) string { return "value:" + strconv.Itoa(n) }
func hashKey(n int) string  { return "hash:" + strconv.Itoa(n) }
func field(n int) string    { return "field:" + strconv.Itoa(n) }

// filling is the command that puts what was fetched into the cache.
func filling(q request) []byte {
	if q.kind == get {
		return appendCommand(nil, "SET", valueKey(q.key), strings.Repeat("v", q.mix.ValueBytes))
	}
	words := []string{"HSET", hashKey(q.key)}
	for n := range q.mix.Fields {
		words = append(words, field(n), "value")
	}
	return appendCommand(nil, words...)
}
