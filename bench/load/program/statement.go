package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	// A statement that runs until it is cancelled.
	endless = "SELECT endless"
	// A statement with one large page.
	large = "SELECT large"
)

var nextURI = []byte(`"nextUri":"`)

// The bytes of a request, in memory of the connection that the next one uses again.
func (c *connection) request(method, path, body string) []byte {
	text := append(append(append(c.out[:0], method...), ' '), path...)
	text = append(text, c.to.lines...)
	if method == "POST" {
		text = append(text, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: "...)
		text = append(strconv.AppendInt(text, int64(len(body)), 10), "\r\n"...)
	}
	c.out = append(append(text, "\r\n"...), body...)
	return c.out
}

// The path of the next page by the head of one; empty behind the last.
func (c *connection) nextPath(text []byte) (string, error) {
	if c.to.gzip {
		reader, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			return "", err
		}
		if text, err = io.ReadAll(reader); err != nil {
			return "", err
		}
	}
	if !bytes.HasPrefix(text, []byte(`{"id":"`)) || text[len(text)-1] != '}' {
		return "", fmt.Errorf("an answer is no page: %.100q", text)
	}
	at := bytes.Index(text[:min(len(text), 4096)], nextURI)
	if at < 0 {
		if bytes.Contains(text, []byte(`"error":{`)) {
			return "", fmt.Errorf("a query failed: %.1000s", text)
		}
		return "", nil
	}
	text = text[at+len(nextURI):]
	text = text[:max(0, bytes.IndexByte(text, '"'))]
	// Scheme and authority are those that it was asked at.
	if _, behind, found := bytes.Cut(text, []byte("://")); found {
		if path := bytes.IndexByte(behind, '/'); path >= 0 {
			return string(behind[path:]), nil
		}
	}
	return "", fmt.Errorf("a link is %.100q", text)
}

// Submits a statement; the path of its first page.
func (c *connection) submit(statement string) (string, error) {
	if err := c.ask(c.request("POST", "/v1/statement", statement), nil); err != nil {
		return "", err
	}
	path, err := c.nextPath(c.text)
	if err == nil && path == "" {
		err = errors.New("a statement ends with its submission")
	}
	return path, err
}

// Submits a statement and asks for a page, which is left in c.text: the first that a statement has when it runs.
func (c *connection) runningPage(statement string) (path string, err error) {
	path, err = c.submit(statement)
	for err == nil && path != "" {
		if err = c.ask(c.request("GET", path, ""), nil); err != nil {
			break
		}
		if strings.Contains(path, "/executing/") {
			return path, nil
		}
		path, err = c.nextPath(c.text)
	}
	if err == nil {
		err = errors.New("a statement ends before it runs")
	}
	return "", err
}

// Runs a statement to its end.
func (c *connection) runQuery(statement string) error {
	path, err := c.submit(statement)
	for err == nil && path != "" {
		if err = c.ask(c.request("GET", path, ""), nil); err == nil {
			path, err = c.nextPath(c.text)
		}
	}
	return err
}

func (c *connection) cancel(path string) error {
	return c.ask(c.request("DELETE", path, ""), nil)
}
