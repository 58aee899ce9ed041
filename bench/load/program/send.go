package main

import (
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"time"
)

// An answer of one connection, whose memory is used again for the next.
type answer struct {
	head, text []byte
	// Sent as they are, behind the head.
	parts net.Buffers
	// The same request has the same answer, but for its date.
	repeats bool
}

func (a *answer) begin() {
	a.head, a.parts, a.repeats = a.head[:0], a.parts[:0], false
}

// Memory to make a text in; given back by keep.
func (a *answer) scratch() []byte { return a.text[:0] }

func (a *answer) keep(text []byte) { a.text = text }

func (a *answer) start(status string) {
	a.head = append(append(append(a.head, "HTTP/1.1 "...), status...), "\r\nDate: "...)
	a.head = append(append(a.head, now().text...), "\r\nVary: Accept-Encoding\r\n"...)
}

func (a *answer) empty(status string) {
	a.start(status)
	if status != "204 No Content" {
		a.head = append(a.head, "Content-Length: 0\r\n"...)
	}
	a.head = append(a.head, "\r\n"...)
}

func (a *answer) startJSON(gzipped bool) {
	a.start("200 OK")
	a.head = append(a.head, "Content-Type: application/json\r\nX-Content-Type-Options: nosniff\r\n"...)
	if gzipped {
		a.head = append(a.head, "Content-Encoding: gzip\r\n"...)
	}
}

// A body that goes out with its head.
func (a *answer) page(body []byte, gzipped bool) {
	a.startJSON(gzipped)
	a.head = strconv.AppendInt(append(a.head, "Content-Length: "...), int64(len(body)), 10)
	a.head = append(append(a.head, "\r\n\r\n"...), body...)
}

func (a *answer) json(r *request, text string) {
	a.page([]byte(text), false)
	if string(r.method) == "HEAD" {
		a.head = a.head[:len(a.head)-len(text)]
	}
}

// A body in chunks: the first one, those that are framed already, and what the last one has.
func (a *answer) chunks(gzipped bool, first, framed, last []byte) {
	a.startJSON(gzipped)
	a.head = append(a.head, "Transfer-Encoding: chunked\r\n\r\n"...)
	a.head = append(append(fmt.Appendf(a.head, "%x\r\n", len(first)), first...), "\r\n"...)
	end := []byte("0\r\n\r\n")
	if len(last) > 0 {
		end = append(chunked(last), end...)
	}
	a.parts = append(a.parts, framed, end)
}

func (a *answer) send(to net.Conn) error {
	if len(a.parts) == 0 {
		_, err := to.Write(a.head)
		return err
	}
	// WriteTo uses up what it is given.
	parts := append(net.Buffers{a.head}, a.parts...)
	_, err := parts.WriteTo(to)
	return err
}

// A second, as HTTP writes it.
type dated struct {
	second int64
	text   string
}

var today atomic.Pointer[dated]

// The present second.
func now() *dated {
	second := time.Now().Unix()
	known := today.Load()
	if known == nil || known.second != second {
		known = &dated{second, time.Unix(second, 0).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")}
		today.Store(known)
	}
	return known
}
