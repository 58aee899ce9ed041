package io.opentelemetry.api.internal;

import io.opentelemetry.context.Context;

/** Asked by the client of object stores of 476 before each request, and moved elsewhere in later releases; nothing is traced here. */
public final class InstrumentationUtil {
    private InstrumentationUtil() {}

    public static boolean shouldSuppressInstrumentation(Context context) {
        return false;
    }

    public static void suppressInstrumentation(Runnable run) {
        run.run();
    }
}
