package io.trino.spi.eventlistener;

/** Named by the event listener of 476 and gone from later releases; nobody makes one. */
public final class SplitCompletedEvent {}
