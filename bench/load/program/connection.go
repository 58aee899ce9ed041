package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"time"
)

// A place to send requests to.
type target struct {
	// host:port, as dialled and as said in Host.
	authority string
	secure    *tls.Config
	gzip      bool
	// What each request has behind its path.
	lines string
}

func readTarget(o options) (*target, error) {
	parsed, err := url.Parse(o.url)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return nil, errors.New("expected --url http://host:port or https://host:port")
	}
	to := &target{authority: parsed.Host, gzip: o.gzip}
	to.lines = " HTTP/1.1\r\nHost: " + to.authority +
		"\r\nX-Trino-User: bench\r\nX-Trino-Source: bench\r\nUser-Agent: bench\r\n"
	if o.gzip {
		to.lines += "Accept-Encoding: gzip\r\n"
	}
	if parsed.Scheme == "http" {
		return to, nil
	}
	pem, err := os.ReadFile(o.caFile)
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", o.caFile)
	}
	to.secure = &tls.Config{RootCAs: trusted, ServerName: parsed.Hostname(), NextProtos: []string{"http/1.1"}}
	return to, nil
}

// One kept connection of a client. It is opened again when the server closes it between two answers.
type connection struct {
	to   *target
	dial func() (net.Conn, error)
	seen *tally
	net.Conn
	// Bytes that were read and not used yet: buffer[from:until].
	buffer      []byte
	from, until int
	out         []byte
	// The body of the last small answer.
	text     []byte
	answered bool
	// The head of the last answer, and what it says: it hardly changes.
	headText []byte
	head     answerHead
	// When the run should long be over: a server that is silent then is an error.
	deadline time.Time
}

const smallBuffer = 4096

func newConnection(to *target, seen *tally, limit time.Duration) *connection {
	c := &connection{to: to, seen: seen, buffer: make([]byte, smallBuffer), deadline: time.Now().Add(limit)}
	c.dial = func() (net.Conn, error) { return net.DialTimeout("tcp", to.authority, limit) }
	return c
}

func (c *connection) open() error {
	plain, err := c.dial()
	if err != nil {
		return err
	}
	c.Conn = plain
	c.from, c.until, c.answered = 0, 0, false
	if err := plain.SetDeadline(c.deadline); err != nil {
		return err
	}
	if c.to.secure == nil {
		return nil
	}
	secure := tls.Client(plain, c.to.secure)
	c.Conn = secure
	return secure.Handshake()
}

func (c *connection) shut() {
	if c.Conn != nil {
		c.Conn.Close()
		c.Conn = nil
	}
}

// Sends a request and reads its answer, which must be 200 (204 for a cancel). `take` gets the parts of the body; nil
// keeps them in c.text.
func (c *connection) ask(request []byte, take func(part []byte) error) error {
	for {
		kept := c.answered
		if c.Conn == nil {
			kept = false
			if err := c.open(); err != nil {
				return err
			}
		}
		head, err := c.send(request)
		if err == nil {
			return c.read(head, take)
		}
		c.shut()
		// RFC 9112, 9.3.1: a server may close a kept connection while the next request is on its way.
		if !kept || c.until > 0 || !closed(err) {
			return err
		}
		c.seen.reopened++
	}
}

func closed(err error) bool {
	var broken *net.OpError
	return errors.Is(err, io.EOF) || (errors.As(err, &broken) && !broken.Timeout())
}

func (c *connection) send(request []byte) (answerHead, error) {
	c.from, c.until = 0, 0
	if _, err := c.Write(request); err != nil {
		return answerHead{}, err
	}
	for seen := 0; ; {
		if err := c.fill(); err != nil {
			return answerHead{}, err
		}
		// The end may be split between two reads.
		if end := bytes.Index(c.buffer[max(0, seen-3):c.until], []byte("\r\n\r\n")); end >= 0 {
			end += max(0, seen-3)
			c.from = end + 4
			return c.readHead(c.buffer[:end+2])
		}
		seen = c.until
		if c.until == len(c.buffer) {
			if len(c.buffer) > 1<<20 {
				return answerHead{}, errors.New("the head of an answer does not end")
			}
			c.buffer = append(c.buffer, make([]byte, len(c.buffer))...)
		}
	}
}

func (c *connection) readHead(text []byte) (answerHead, error) {
	if bytes.Equal(text, c.headText) {
		return c.head, nil
	}
	head, err := readAnswerHead(text)
	if err == nil {
		c.headText, c.head = append(c.headText[:0], text...), head
	}
	return head, err
}

// Reads what has come, behind what there is.
func (c *connection) fill() error {
	count, err := c.Read(c.buffer[c.until:])
	c.until += count
	if count > 0 {
		return nil
	}
	return err
}

// Reads into the emptied buffer.
func (c *connection) refill() error {
	c.from, c.until = 0, 0
	err := c.fill()
	if errors.Is(err, io.EOF) {
		return errors.New("an answer ends in its middle")
	}
	return err
}

func (c *connection) read(head answerHead, take func(part []byte) error) error {
	c.text = c.text[:0]
	if take == nil {
		take = func(part []byte) error {
			c.text = append(c.text, part...)
			return nil
		}
	}
	counted := func(part []byte) error {
		c.seen.bytes += int64(len(part))
		return take(part)
	}
	if err := c.readBody(head, counted); err != nil {
		return err
	}
	if head.status != 200 && head.status != 204 {
		return fmt.Errorf("an answer is %d: %.200s", head.status, c.text)
	}
	if c.to.gzip && head.status == 200 && !head.gzipped {
		return errors.New("an answer is not compressed")
	}
	if c.from != c.until {
		return errors.New("more was answered than was asked for")
	}
	c.answered = true
	if head.closes {
		c.shut()
		c.seen.reopened++
	}
	return nil
}
