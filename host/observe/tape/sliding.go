package tape

// sliding is a queue of numbered items in one contiguous slice: new items go
// to the end, old ones are dropped from the front, and the slice is moved
// together when a quarter of it is unused.
type sliding[T any] struct {
	items []numbered[T]
	head  int
	// lost is the number of the last item that was dropped for want of room.
	lost uint64
}

type numbered[T any] struct {
	seq  uint64
	item T
}

func (s *sliding[T]) len() int { return len(s.items) - s.head }

func (s *sliding[T]) first() T { return s.items[s.head].item }

func (s *sliding[T]) last() T { return s.items[len(s.items)-1].item }

func (s *sliding[T]) live() []numbered[T] { return s.items[s.head:] }

func (s *sliding[T]) push(seq uint64, item T) {
	s.items = append(s.items, numbered[T]{seq, item})
}

// drop removes the first item and remembers that it is lost to readers that
// have not seen it.
func (s *sliding[T]) drop() {
	s.lost = s.items[s.head].seq
	s.forget()
}

// forget removes the first item.
func (s *sliding[T]) forget() {
	s.items[s.head] = numbered[T]{}
	s.head++
	if s.head*4 >= len(s.items) {
		n := copy(s.items, s.items[s.head:])
		clear(s.items[n:])
		s.items, s.head = s.items[:n], 0
	}
}

// after returns the index in live of the first item with a number above seq.
func (s *sliding[T]) after(seq uint64) int {
	low, high := 0, s.len()
	for low < high {
		mid := (low + high) / 2
		if s.items[s.head+mid].seq <= seq {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}
