#include "util/heap.hpp"

#include <malloc.h>

namespace curfew {
namespace {

// glibc gives threads up to eight arenas a processor, each of which keeps what its largest list took: tens of
// MiB more after some changes of the leader. So few threads of ours run at a time that two will do.
constexpr int kMaxArenas = 2;

// Pages of lists come and go by themselves, instead of in the middle of what stays. Said, it no longer grows
// with the largest of them.
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
