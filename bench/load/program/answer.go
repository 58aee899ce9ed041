package main

import (
	"bytes"
	"errors"
	"fmt"
)

// What the head of an answer says of its body. A length of -1 is chunked.
type answerHead struct {
	status  int
	length  int64
	gzipped bool
	closes  bool
}

// Reads a head with its lines, each with its end. RFC 9112, 6.3: exactly one of Content-Length and Transfer-Encoding, but
// for 204, which has no body.
func readAnswerHead(text []byte) (answerHead, error) {
	head := answerHead{length: -2}
	line, rest, _ := bytes.Cut(text, []byte("\r\n"))
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return head, fmt.Errorf("an answer begins with %.40q", line)
	}
	status, ok := number(line[9:12], 10)
	if !ok {
		return head, fmt.Errorf("an answer begins with %.40q", line)
	}
	head.status = int(status)
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		name, value, found := bytes.Cut(line, []byte(":"))
		if !found {
			return head, fmt.Errorf("a head has the line %.40q", line)
		}
		if err := head.add(name, bytes.TrimSpace(value)); err != nil {
			return head, err
		}
	}
	if head.status == 204 {
		head.length = 0
	}
	if head.length == -2 {
		return head, errors.New("a head does not say how long the body is")
	}
	return head, nil
}

func (h *answerHead) add(name, value []byte) error {
	switch len(name) {
	case len("connection"):
		if bytes.EqualFold(name, []byte("connection")) {
			h.closes = bytes.EqualFold(value, []byte("close"))
		}
	case len("content-length"):
		if bytes.EqualFold(name, []byte("content-length")) {
			length, ok := number(value, 10)
			if !ok || h.length != -2 {
				return fmt.Errorf("a head has the length %.40q", value)
			}
			h.length = length
		}
	case len("content-encoding"):
		if bytes.EqualFold(name, []byte("content-encoding")) {
			h.gzipped = bytes.Equal(value, []byte("gzip"))
		}
	case len("transfer-encoding"):
		if bytes.EqualFold(name, []byte("transfer-encoding")) {
			if !bytes.EqualFold(value, []byte("chunked")) || h.length != -2 {
				return fmt.Errorf("a head has the encoding %.40q", value)
			}
			h.length = -1
		}
	}
	return nil
}

func number(text []byte, base int64) (int64, bool) {
	if len(text) == 0 || len(text) > 15 {
		return 0, false
	}
	value := int64(0)
	for _, char := range text {
		digit := int64(99)
		switch {
		case char >= '0' && char <= '9':
			digit = int64(char - '0')
		case char >= 'a' && char <= 'f':
			digit = int64(char-'a') + 10
		case char >= 'A' && char <= 'F':
			digit = int64(char-'A') + 10
		}
		if digit >= base {
			return 0, false
		}
		value = value*base + digit
	}
	return value, true
}

func (c *connection) readBody(head answerHead, take func(part []byte) error) error {
	if head.length >= 0 {
		return c.readBytes(head.length, take)
	}
	for {
		line, err := c.readLine()
		if err != nil {
			return err
		}
		size, ok := number(line, 16)
		if !ok {
			return fmt.Errorf("a chunk begins with %.40q", line)
		}
		if size > 0 {
			if err := c.readBytes(size, take); err != nil {
				return err
			}
		}
		// Behind a chunk its end; behind the last one no trailers.
		if line, err = c.readLine(); err != nil {
			return err
		}
		if len(line) > 0 {
			return fmt.Errorf("a chunk ends with %.40q", line)
		}
		if size == 0 {
			return nil
		}
	}
}

func (c *connection) readBytes(length int64, take func(part []byte) error) error {
	for length > 0 {
		if c.from == c.until {
			if err := c.refill(); err != nil {
				return err
			}
		}
		part := c.buffer[c.from:min(int64(c.until), int64(c.from)+length)]
		c.from += len(part)
		length -= int64(len(part))
		if err := take(part); err != nil {
			return err
		}
	}
	return nil
}

// Reads a short line without its end.
func (c *connection) readLine() ([]byte, error) {
	for {
		if end := bytes.Index(c.buffer[c.from:c.until], []byte("\r\n")); end >= 0 {
			line := c.buffer[c.from : c.from+end]
			c.from += end + 2
			return line, nil
		}
		if c.until-c.from > 100 {
			return nil, errors.New("the line of a chunk does not end")
		}
		c.until = copy(c.buffer, c.buffer[c.from:c.until])
		c.from = 0
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
}
