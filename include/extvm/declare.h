/* How the public headers declare: C linkage, and visible from the shared library. */
#ifndef EXTVM_DECLARE_H
#define EXTVM_DECLARE_H

#ifdef __cplusplus
#define EXTVM_BEGIN_DECLARATIONS                                                                   \
    extern "C" {                                                                                   \
    _Pragma("GCC visibility push(default)")
#define EXTVM_END_DECLARATIONS                                                                     \
    _Pragma("GCC visibility pop")                                                                  \
    }
#else
#define EXTVM_BEGIN_DECLARATIONS _Pragma("GCC visibility push(default)")
#define EXTVM_END_DECLARATIONS _Pragma("GCC visibility pop")
#endif

#endif
