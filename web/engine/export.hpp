// What the page sees of a function: its name, and plain numbers.
#pragma once

#define QWOP_EXPORT(name) extern "C" __attribute__((export_name(#name)))
