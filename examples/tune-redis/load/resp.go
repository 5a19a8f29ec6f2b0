package load

import (
	"bufio"
	"errors"
	"fmt"
	"strconv"
)

// Bounds of one answer: of a line, of a bulk string in bytes, of an array in
// elements. The load asks for nothing larger.
const (
	maxLine  = 1 << 10
	maxBulk  = 1 << 20
	maxArray = 1 << 12
)

// reply is what the load needs of an answer.
type reply struct {
	// failed is the text of an error reply, empty for none.
	failed string
	// missing says that the key was not there: a null, or an array of nulls alone.
	missing bool
	text    string // of a status line or an integer
}

// appendCommand writes a command as the server reads it.
func appendCommand(to []byte, words ...string) []byte {
	to = append(to, '*')
	to = strconv.AppendInt(to, int64(len(words)), 10)
	to = append(to, "\r\n"...)
	for _, w := range words {
		to = append(to, '$')
		to = strconv.AppendInt(to, int64(len(w)), 10)
		to = append(to, "\r\n"...)
		to = append(to, w...)
		to = append(to, "\r\n"...)
	}
	return to
}

// readReply reads one answer, and of an array its elements, which may be no
// arrays themselves.
func readReply(r *bufio.Reader) (reply, error) {
	kind, line, err := readLine(r)
	if err != nil {
		return reply{}, err
	}
	if kind != '*' {
		return readRest(r, kind, line)
	}
	n, err := length(line, maxArray)
	if err != nil {
		return reply{}, err
	}
	all := reply{missing: true}
	for range n {
		kind, line, err := readLine(r)
		if err != nil {
			return reply{}, err
		}
		one, err := readRest(r, kind, line)
		if err != nil {
			return reply{}, err
		}
		all.missing = all.missing && one.missing
		if all.failed == "" {
			all.failed = one.failed
		}
	}
	return all, nil
}

// readRest reads what follows the first line of an answer that is no array.
func readRest(r *bufio.Reader, kind byte, line string) (reply, error) {
	switch kind {
	case '+', ':':
		return reply{text: line}, nil
	case '-':
		return reply{failed: line}, nil
	case '$':
		n, err := length(line, maxBulk)
		if err != nil || n < 0 {
			return reply{missing: true}, err
		}
		if _, err := r.Discard(n + len("\r\n")); err != nil {
			return reply{}, fmt.Errorf("read a value of %d bytes: %w", n, err)
		}
		return reply{}, nil
	}
	return reply{}, fmt.Errorf("read an answer: it begins with %q, which is no kind of answer", kind)
}

// readLine returns the first byte of a line and the rest without its end.
func readLine(r *bufio.Reader) (byte, string, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull) || len(line) > maxLine:
		return 0, "", fmt.Errorf("read an answer: a line is longer than %d bytes", maxLine)
	case err != nil:
		return 0, "", fmt.Errorf("read an answer: %w", err)
	case len(line) < 3 || line[len(line)-2] != '\r':
		return 0, "", errors.New("read an answer: a line without its kind or its end")
	}
	return line[0], string(line[1 : len(line)-2]), nil
}

// length reads the length of a bulk string or an array; -1 stands for null.
func length(line string, most int) (int, error) {
	n, err := strconv.Atoi(line)
	if err != nil || n < -1 || n > most {
		return 0, fmt.Errorf("read an answer: the length %q, want -1 to %d", line, most)
	}
	return n, nil
}
