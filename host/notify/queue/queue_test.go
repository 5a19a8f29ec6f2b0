package queue

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

var roomy = Limits{Count: 100, Bytes: 1 << 20, Age: 72 * time.Hour}

func never() float64 { return 0 }

func ids(items []Item) []string {
	out := []string{}
	for _, i := range items {
		out = append(out, i.ID)
	}
	return out
}

func filled(limits Limits, items ...Item) *Queue {
	q := New(limits, never)
	for _, i := range items {
		i.At = start
		q.Add(i)
	}
	return q
}

// next returns the id of what is sent at the time, "" for nothing.
func next(q *Queue, now time.Time) string {
	item, _ := q.Next(now)
	return item.ID
}

func TestMessagesOfAGroupKeepTheirOrderAndOthersPass(t *testing.T) {
	q := filled(roomy, Item{ID: "a1", Group: "a"}, Item{ID: "a2", Group: "a"}, Item{ID: "b1", Group: "b"})
	if got := next(q, start); got != "a1" {
		t.Fatalf("got %q first, want a1", got)
	}
	q.Failed(start, "a1", Message, 0)
	if got := next(q, start); got != "b1" {
		t.Errorf("got %q while a1 is held, want b1", got)
	}
	q.Delivered(start, "b1")
	if got := next(q, start); got != "" {
		t.Errorf("got %q, want nothing: a2 must not pass a1", got)
	}
	if got := next(q, start.Add(FirstWait)); got != "a1" {
		t.Errorf("got %q after the wait, want a1", got)
	}
}

func TestReceiverThatFailsIsAskedLessAndLess(t *testing.T) {
	q := filled(roomy, Item{ID: "a"})
	now, before := start, time.Duration(0)
	for range 20 {
		q.Failed(now, "a", Receiver, 0)
		at, ok := q.Due()
		wait := at.Sub(now)
		if !ok || wait < before || wait > LongestWait {
			t.Fatalf("got a wait of %v (%v) after one of %v, want it to grow up to %v", wait, ok, before, LongestWait)
		}
		if next(q, at.Add(-1)) != "" || next(q, at) != "a" {
			t.Fatalf("it is not sent exactly when the wait of %v is over", wait)
		}
		now, before = at, wait
	}
	if before < LongestWait/2 {
		t.Errorf("got a last wait of %v, want at least %v", before, LongestWait/2)
	}
	q.Delivered(now, "a")
	q.Add(Item{ID: "b", At: now})
	if got := next(q, now); got != "b" {
		t.Errorf("got %q after a success, want b at once", got)
	}
}

func TestRetryAfterIsHonouredWithinReason(t *testing.T) {
	cases := []struct{ asked, want time.Duration }{
		{0, FirstWait / 2}, {time.Minute, time.Minute}, {100 * time.Hour, LongestAsked},
	}
	for _, c := range cases {
		q := filled(roomy, Item{ID: "a"})
		q.Failed(start, "a", Receiver, c.asked)
		if at, _ := q.Due(); at.Sub(start) != c.want {
			t.Errorf("asked for %v: got a wait of %v, want %v", c.asked, at.Sub(start), c.want)
		}
	}
}

func TestMessageThatAlwaysFailsDoesNotKeepTheOthers(t *testing.T) {
	q := filled(roomy, Item{ID: "poison", Group: "a"}, Item{ID: "b", Group: "b"}, Item{ID: "c", Group: "c"})
	now, delivered := start, 0
	for range 10 {
		at, _ := q.Due()
		now = later(now, at)
		item, ok := q.Next(now)
		if !ok {
			t.Fatalf("nothing is sent at %v though it is due", now)
		}
		if item.ID == "poison" {
			q.Failed(now, "poison", Receiver, 0)
			now = now.Add(time.Millisecond)
			continue
		}
		q.Delivered(now, item.ID)
		delivered++
	}
	if delivered != 2 {
		t.Errorf("%d others were delivered, want 2", delivered)
	}
	q.Add(Item{ID: "d", At: now})
	if got := next(q, now); got != "d" {
		t.Errorf("got %q, want the new one at once: only the poison waits", got)
	}
}

func TestReceiverThatIsGoneIsLeftAloneUntilResumed(t *testing.T) {
	q := filled(roomy, Item{ID: "a"}, Item{ID: "b"})
	q.Failed(start, "a", Gone, 0)
	if _, ok := q.Due(); ok || next(q, start.Add(time.Hour)) != "" {
		t.Error("something would be sent, want nothing")
	}
	if s := q.State(); !s.Stopped || s.Count != 2 {
		t.Errorf("got %+v, want stopped with both kept", s)
	}
	q.Resume()
	if got := next(q, start); got != "a" {
		t.Errorf("got %q after resuming, want a", got)
	}
}

func TestOldestOfLowestValueIsDroppedFirst(t *testing.T) {
	q := New(Limits{Count: 3, Bytes: 100, Age: time.Hour}, never)
	var dropped []string
	for n, value := range []int{1, 0, 2, 0, 2, 2, 1} {
		dropped = append(dropped, ids(q.Add(Item{ID: fmt.Sprint(n), Value: value, Bytes: 1, At: start}))...)
	}
	if want := []string{"1", "3", "0", "6"}; !slices.Equal(dropped, want) {
		t.Errorf("got %v dropped in that order, want %v", dropped, want)
	}
	if got := ids(q.Add(Item{ID: "big", Value: 2, Bytes: 99, At: start})); !slices.Equal(got, []string{"2", "4"}) {
		t.Errorf("got %v dropped for a big one, want 2 and 4", got)
	}
}

func TestOldMessagesExpire(t *testing.T) {
	q := filled(Limits{Count: 9, Bytes: 9, Age: time.Hour}, Item{ID: "a"})
	q.Add(Item{ID: "b", At: start.Add(time.Minute)})
	if got := q.Expire(q.Expires().Add(-1)); len(got) != 0 {
		t.Errorf("got %v dropped too early", ids(got))
	}
	if got := ids(q.Expire(q.Expires())); !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %v dropped, want a", got)
	}
}

// TestNothingIsLostDoubledOrOutOfOrder holds a queue to a plain list: whatever
// fails, each message is delivered once or reported as dropped, and those of a
// group in their order.
func TestNothingIsLostDoubledOrOutOfOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := Limits{Count: rapid.IntRange(1, 8).Draw(t, "count"), Bytes: rapid.IntRange(10, 40).Draw(t, "bytes"), Age: 10 * time.Minute}
		q := New(limits, func() float64 { return rapid.Float64Range(0, 0.999).Draw(t, "chance") })
		now, made := start, 0
		gone, last := map[string]bool{}, map[string]int{}
		end := func(items []Item) {
			for _, i := range items {
				if gone[i.ID] {
					t.Fatalf("%s ended twice", i.ID)
				}
				gone[i.ID] = true
			}
		}
		try := func(fails bool) {
			item, ok := q.Next(now)
			switch {
			case !ok:
			case fails:
				q.Failed(now, item.ID, Trouble(rapid.IntRange(0, 1).Draw(t, "trouble")), 0)
			default:
				var n int
				fmt.Sscan(item.ID, &n)
				if n < last[item.Group] {
					t.Fatalf("%d of group %s was delivered after %d", n, item.Group, last[item.Group])
				}
				last[item.Group] = n
				end([]Item{item})
				q.Delivered(now, item.ID)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				made++
				end(q.Add(Item{ID: fmt.Sprint(made), Group: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "group"),
					Value: rapid.IntRange(0, 2).Draw(t, "value"), Bytes: rapid.IntRange(0, 12).Draw(t, "size"), At: now}))
			},
			"take": func(*rapid.T) { try(false) },
			"fail": func(*rapid.T) { try(true) },
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(5*time.Minute)).Draw(t, "wait")))
				end(q.Expire(now))
			},
			"": func(t *rapid.T) {
				s := q.State()
				if s.Count+len(gone) != made || s.Count > limits.Count || s.Bytes > limits.Bytes {
					t.Fatalf("%d made, %d ended, %d bytes and %d wait, limits %+v", made, len(gone), s.Bytes, s.Count, limits)
				}
			},
		})
	})
}
