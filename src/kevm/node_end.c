/* The node's end of KEVM's protocol, as far as it is its own: Hello and CallContext
 * (protocol/kevm.md, sections 2 and 7). */
#include "codec.h"
#include "common/messages.h"
#include "kevm.h"

bool kevm_encode_hello(const extvm_call *first_call, struct buffer *out) {
    Kevm__EthereumConfig config;
    config_to_wire(&first_call->chain, &config);
    Kevm__Hello hello = KEVM__HELLO__INIT;
    hello.version = (char *)(uintptr_t)kevm_protocol.version;
    hello.config_case = KEVM__HELLO__CONFIG_ETHEREUM_CONFIG;
    hello.ethereum_config = &config;
    return protobuf_encode(&hello, out);
}

bool kevm_encode_call(const extvm_call *call, struct arena *scratch, struct buffer *out) {
    static const extvm_access_list no_list = {NULL, 0};
    Kevm__EthereumConfig config;
    Vm__BlockHeader header;
    Kevm__AccessListData access_list;
    config_to_wire(&call->chain, &config);
    const struct context_fields fields = messages_context_fields(call, &header);

    Kevm__CallContext context = KEVM__CALL_CONTEXT__INIT;
    context.caller_addr = fields.caller;
    context.recipient_addr = fields.recipient;
    context.input_data = fields.input;
    context.call_value = fields.value;
    context.gas_price = fields.gas_price;
    context.gas_provided = fields.gas_provided;
    context.block_header = &header;
    /* Without it the VM runs Berlin at every height (section 5.2). */
    context.config_case = KEVM__CALL_CONTEXT__CONFIG_ETHEREUM_CONFIG;
    context.ethereum_config = &config;
    if (kevm_sends_access_list(call)) {
        const extvm_access_list *own = call->access_list != NULL ? call->access_list : &no_list;
        enum access_list_use use =
            kevm_in_berlin(call) ? ACCESS_LIST_OF_BERLIN_CALL : ACCESS_LIST_OF_CALL;
        if (!access_list_to_wire(own, use, scratch, &access_list)) {
            return false;
        }
        context.tx_type = KEVM__CALL_CONTEXT__TX_TYPE__ACCESSLIST;
        context.extra_data_case = KEVM__CALL_CONTEXT__EXTRA_DATA_ACCESS_LIST;
        context.access_list = &access_list;
    }
    return protobuf_encode(&context, out);
}

extvm_status kevm_decode_vm_message(extvm_bytes body, struct arena *arena,
                                    struct vm_message *message, extvm_error *error) {
    return messages_decode_vm_message(&kevm_message_rules, body, arena, message, error);
}
