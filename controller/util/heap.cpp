#include "util/heap.hpp"

#include <malloc.h>

namespace curfew {
namespace {

// glibc gives threads up to eight arenas per processor, and each keeps the memory of its largest list: tens
// of MiB more after some leader changes. So few of our threads run at a time that two arenas suffice.
constexpr int kMaxArenas = 2;

// The pages of a list get mappings of their own, apart from long-lived data. Setting the threshold also stops
// glibc from raising it with the largest of them.
constexpr int kMappedFrom = 128 * 1024;  // bytes

}  // namespace

void configure_heap() {
  ::mallopt(M_ARENA_MAX, kMaxArenas);
  ::mallopt(M_MMAP_THRESHOLD, kMappedFrom);
}

void trim_heap() {
  ::malloc_trim(0);
}

}  // namespace curfew
