package main

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"sync"
)

// What the links of a query have in common.
type link struct {
	id     string
	kind   kind
	number int
}

const secretLength = 41

// As Trino's: `y` and 40 hex digits, of which here two are the kind.
func (l link) secret(to []byte) []byte {
	const hex = "0123456789abcdef"
	to = append(to, 'y', hex[l.kind>>4], hex[l.kind&15])
	for shift := 148; shift >= 0; shift -= 4 {
		digit := 0
		if shift < 64 {
			digit = l.number >> shift & 15
		}
		to = append(to, hex[digit])
	}
	return to
}

func readLink(id, secret string) (link, bool) {
	if len(secret) != secretLength || secret[0] != 'y' {
		return link{}, false
	}
	what, ok := number([]byte(secret[1:3]), 16)
	count, okToo := number([]byte(secret[secretLength-15:]), 16)
	return link{id: id, kind: kind(what), number: int(count)}, ok && okToo && what < int64(kinds)
}

const (
	queuedTail  = `"stats":{"state":"QUEUED","queued":true,"scheduled":false,"nodes":0,"totalSplits":0,"queuedSplits":0,"runningSplits":0,"completedSplits":0,"elapsedTimeMillis":0,"processedRows":0,"processedBytes":0,"peakMemoryBytes":0},"warnings":[]}`
	runningTail = `"stats":{"state":"RUNNING","queued":false,"scheduled":true,"nodes":1,"totalSplits":1,"queuedSplits":0,"runningSplits":1,"completedSplits":0,"elapsedTimeMillis":1,"processedRows":1},"warnings":[]}`
	lastTail    = `"stats":{"state":"FINISHED","queued":false,"scheduled":true,"progressPercentage":100.0,"nodes":1,"totalSplits":1,"queuedSplits":0,"runningSplits":0,"completedSplits":1,"elapsedTimeMillis":1,"processedRows":1,"processedBytes":1,"peakMemoryBytes":1},"warnings":[]}`
	columns     = `"columns":[{"name":"s","type":"varchar"}],`
)

// The texts of all pages, and what is costly to make of them.
type pageTexts struct {
	pageBytes int
	rows      *largeRows
	mutex     sync.Mutex
	// Compressed pages, or the beginning and the end of large ones, by what they say: a page that is asked for again is not
	// compressed again.
	zipped map[string]zippedText
	zipper *flate.Writer
	out    bytes.Buffer
}

type zippedText struct{ head, tail []byte }

// So many compressed pages are kept.
const mostZipped = 4096

func newPageTexts(pageBytes, largeBytes int) *pageTexts {
	zipper, _ := flate.NewWriter(nil, flate.BestSpeed)
	rows := newLargeRows(largeBytes)
	return &pageTexts{pageBytes: pageBytes, rows: rows, zipped: map[string]zippedText{}, zipper: zipper}
}

// The beginning of a page up to its links.
func begin(to []byte, r *request, link link) []byte {
	to = append(append(to, `{"id":"`...), link.id...)
	to = r.origin(append(to, `","infoUri":"`...))
	to = append(append(to, "/ui/query.html?"...), link.id...)
	return append(to, `",`...)
}

func next(to []byte, r *request, link link, phase string, token int) []byte {
	to = r.origin(append(to, `"nextUri":"`...))
	to = append(append(append(to, "/v1/statement/"...), phase...), '/')
	to = append(append(to, link.id...), '/')
	to = append(link.secret(to), '/')
	return append(strconv.AppendInt(to, int64(token), 10), `",`...)
}

func (p *pageTexts) queued(r *request, link link, phase string, token int, out *answer) {
	text := next(begin(out.scratch(), r, link), r, link, phase, token)
	p.send(r, append(text, queuedTail...), out)
}

// One row, of which the value fills the page.
func (p *pageTexts) running(r *request, link link, token int, out *answer) {
	text := next(begin(out.scratch(), r, link), r, link, "executing", token+1)
	text = append(append(text, columns...), `"data":[["`...)
	for range p.pageBytes - len(text) - len(`"]],`) - len(runningTail) {
		text = append(text, 'x')
	}
	p.send(r, append(append(text, `"]],`...), runningTail...), out)
	out.repeats = true
}

func (p *pageTexts) last(r *request, link link, result string, out *answer) {
	text := begin(out.scratch(), r, link)
	if result == "" {
		result = columns
	}
	p.send(r, append(append(text, result...), lastTail...), out)
}

func (p *pageTexts) send(r *request, text []byte, out *answer) {
	out.keep(text)
	if !r.gzip {
		out.page(text, false)
		return
	}
	zipped := p.zip(text, func(sum uint32) zippedText {
		p.zipper.Close()
		return zippedText{head: gzipTail(bytes.Clone(p.out.Bytes()), sum, len(text))}
	})
	out.page(zipped.head, true)
}

// Compresses a text that is not known yet; `end` ends its stream.
func (p *pageTexts) zip(text []byte, end func(sum uint32) zippedText) zippedText {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if known, found := p.zipped[string(text)]; found {
		return known
	}
	p.out.Reset()
	p.out.Write(gzipHead)
	p.zipper.Reset(&p.out)
	p.zipper.Write(text)
	zipped := end(crc32.ChecksumIEEE(text))
	if len(p.zipped) >= mostZipped {
		clear(p.zipped)
	}
	p.zipped[string(text)] = zipped
	return zipped
}

// RFC 1952: magic, deflate, no flags, no time, unknown system.
var gzipHead = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}

func gzipTail(to []byte, sum uint32, length int) []byte {
	to = binary.LittleEndian.AppendUint32(to, sum)
	return binary.LittleEndian.AppendUint32(to, uint32(length))
}

// The page of many rows: its links, then rows that are the same for all.
func (p *pageTexts) large(r *request, link link, out *answer) {
	text := next(begin(out.scratch(), r, link), r, link, "executing", 1)
	text = append(append(text, columns...), `"data":[`...)
	out.keep(text)
	p.mutex.Lock()
	p.rows.make()
	p.mutex.Unlock()
	if !r.gzip {
		out.chunks(false, text, p.rows.chunked, nil)
		return
	}
	// One stream of two parts: the first ends with a flush, at a byte; the second was compressed by itself.
	zipped := p.zip(text, func(sum uint32) zippedText {
		p.zipper.Flush()
		sum = crc32.Update(sum, crc32.IEEETable, p.rows.text)
		return zippedText{head: bytes.Clone(p.out.Bytes()), tail: gzipTail(nil, sum, len(text)+len(p.rows.text))}
	})
	out.chunks(true, zipped.head, p.rows.zippedChunked, zipped.tail)
}

// Made when first asked for.
type largeRows struct {
	bytes int
	text  []byte
	// In chunks, as they are sent.
	chunked, zippedChunked []byte
}

func newLargeRows(bytes int) *largeRows { return &largeRows{bytes: bytes} }

func (l *largeRows) make() {
	if l.text != nil {
		return
	}
	drawn := uint64(1)
	text := make([]byte, 0, l.bytes+1_000)
	for row := 0; len(text) < l.bytes; row++ {
		if row > 0 {
			text = append(text, ',')
		}
		// Knuth's constants: values that compress to about a half.
		drawn = drawn*6364136223846793005 + 1442695040888963407
		text = fmt.Appendf(text, `["row %d of the page, %016x%016x, and some words that repeat"]`, row, drawn, drawn^drawn>>17)
	}
	l.text = append(append(text, "],"...), runningTail...)
	l.chunked = chunked(l.text)
	var zipped bytes.Buffer
	zipper, _ := flate.NewWriter(&zipped, flate.BestSpeed)
	zipper.Write(l.text)
	zipper.Close()
	l.zippedChunked = chunked(zipped.Bytes())
}

// As Jetty does with its buffer.
const chunkBytes = 32 << 10

func chunked(text []byte) []byte {
	framed := make([]byte, 0, len(text)+len(text)/1000)
	for len(text) > 0 {
		size := min(len(text), chunkBytes)
		framed = fmt.Appendf(framed, "%x\r\n", size)
		framed = append(append(framed, text[:size]...), "\r\n"...)
		text = text[size:]
	}
	return framed
}
