/* extvm: a blockchain node's transactions on a virtual machine that lives in another process. */
#ifndef EXTVM_H
#define EXTVM_H

#include <extvm/allocator.h>
#include <extvm/async.h>
#include <extvm/bytes.h>
#include <extvm/call.h>
#include <extvm/config.h>
#include <extvm/declare.h>
#include <extvm/executor.h>
#include <extvm/iele.h>
#include <extvm/ieleasm.h>
#include <extvm/ielevm.h>
#include <extvm/integer.h>
#include <extvm/log.h>
#include <extvm/recording.h>
#include <extvm/result.h>
#include <extvm/spawn.h>
#include <extvm/state.h>
#include <extvm/stats.h>
#include <extvm/status.h>
#include <extvm/testvm.h>
#include <extvm/vm.h>
#include <extvm/world.h>

#define EXTVM_VERSION "0.1.0"

EXTVM_BEGIN_DECLARATIONS

/* The version of the library that is linked, as EXTVM_VERSION. */
const char *extvm_version(void);

EXTVM_END_DECLARATIONS

#endif
