#!/usr/bin/env python3
"""Writes own_cases.json, state tests for when Ethereum's are not at hand, to stdout.

Everything is computed here and nothing with extvm: what each transaction does is written down by
hand with its gas, hashes and the trie are built naively from their definitions (yellow paper,
appendices B to D; the Keccak reference)."""

import json

MASK = (1 << 64) - 1
FORKS = ["Frontier", "Homestead", "EIP150", "EIP158", "Byzantium", "Constantinople",
         "ConstantinopleFix", "Istanbul", "Berlin"]


# -- Keccak-256 --

def rotate(lane, count):
    return (lane << count | lane >> (64 - count)) & MASK if count else lane


def permute(lanes):
    feedback = 1
    for _ in range(24):
        column = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4]
                  for x in range(5)]
        lanes = [[lanes[x][y] ^ column[(x + 4) % 5] ^ rotate(column[(x + 1) % 5], 1)
                  for y in range(5)] for x in range(5)]
        x, y, moving = 1, 0, lanes[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            moving, lanes[x][y] = lanes[x][y], rotate(moving, (step + 1) * (step + 2) // 2 % 64)
        for y in range(5):
            row = [lanes[x][y] for x in range(5)]
            for x in range(5):
                lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5])
        for bit in range(7):
            feedback = (feedback << 1 ^ (feedback >> 7) * 0x71) % 256
            if feedback & 2:
                lanes[0][0] ^= 1 << ((1 << bit) - 1)
    return lanes


def keccak(message):
    lanes = [[0] * 5 for _ in range(5)]
    padding = 136 - len(message) % 136
    block = bytearray(message + bytes(padding))
    block[-padding] |= 1
    block[-1] |= 0x80
    for start in range(0, len(block), 136):
        for i in range(17):
            lanes[i % 5][i // 5] ^= int.from_bytes(block[start + 8 * i:start + 8 * i + 8], "little")
        lanes = permute(lanes)
    return b"".join(lanes[i][0].to_bytes(8, "little") for i in range(4))


# -- RLP and the trie --

class Written(bytes):
    """RLP that goes into a list as it is."""


def big_endian(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def rlp(item):
    if isinstance(item, Written):
        return bytes(item)
    if isinstance(item, list):
        body, first = b"".join(map(rlp, item)), 0xc0
    elif len(item) == 1 and item[0] < 0x80:
        return item
    else:
        body, first = item, 0x80
    if len(body) < 56:
        return bytes([first + len(body)]) + body
    length = big_endian(len(body))
    return bytes([first + 55 + len(length)]) + length + body


def hex_prefix(nibbles, flag):
    nibbles = [flag + 1] + nibbles if len(nibbles) % 2 else [flag, 0] + nibbles
    return bytes(16 * nibbles[i] + nibbles[i + 1] for i in range(0, len(nibbles), 2))


def node(items):
    keys = list(items)
    if len(items) == 1:
        return [hex_prefix(list(keys[0]), 2), items[keys[0]]]
    common = 0
    while len({key[common] for key in keys}) == 1:
        common += 1
    if common:
        return [hex_prefix(list(keys[0][:common]), 0),
                reference({key[common:]: value for key, value in items.items()})]
    below = [{key[1:]: value for key, value in items.items() if key[0] == nibble}
             for nibble in range(16)]
    return [reference(child) if child else b"" for child in below] + [b""]


def reference(items):
    text = rlp(node(items))
    return Written(text) if len(text) < 32 else keccak(text)


def root(items):
    """The trie's root; the keys are hashed first."""
    if not items:
        return keccak(rlp(b""))
    return keccak(rlp(node({tuple(nibble for byte in keccak(key) for nibble in divmod(byte, 16)):
                            value for key, value in items.items()})))


def state_root(state):
    return root({address: rlp([
        big_endian(account["nonce"]), big_endian(account["balance"]),
        root({key.to_bytes(32, "big"): rlp(big_endian(value))
              for key, value in account["storage"].items() if value}),
        keccak(account["code"])]) for address, account in state.items()})


# -- accounts and cases --

SECRET = (1).to_bytes(32, "big")
SENDER = bytes.fromhex("7e5f4552091a69125d5dfcb7b8c2659029395bdf")  # of the secret key 1
OTHER = bytes.fromhex("00000000000000000000000000000000000b0b00")
MINER = bytes.fromhex("c01bc01bc01bc01bc01bc01bc01bc01bc01bc01b")
PRICE, LIMIT, WEALTH = 10, 200000, 10 ** 18


def account(nonce=0, balance=0, code=b"", storage=None):
    return {"nonce": nonce, "balance": balance, "code": code, "storage": storage or {}}


def copied(state):
    return {address: {**old, "storage": dict(old["storage"])} for address, old in state.items()}


def since(fork, first):
    return FORKS.index(fork) >= FORKS.index(first)


def intrinsic(fork, data, creates=False):
    byte = 16 if since(fork, "Istanbul") else 68
    return (21000 + (32000 if creates and since(fork, "Homestead") else 0)
            + sum(byte if one else 4 for one in data))


def paid(pre, used, value=0):
    """The state after the sender paid for the gas used and moved value to the other."""
    post = copied(pre)
    post[SENDER]["nonce"] += 1
    post[SENDER]["balance"] -= used * PRICE + value
    post.setdefault(MINER, account())["balance"] += used * PRICE
    if value:
        post.setdefault(OTHER, account())["balance"] += value
    return post


def not_executed(pre, fork):
    post = copied(pre)
    if not since(fork, "EIP158"):
        post.setdefault(MINER, account())  # the block reward of 0 makes it
    return post


def hexed(number):
    return "0x%x" % number


def test(pre, posts, to=OTHER, data=b"", value=0, nonce=0, limit=LIMIT, access_list=None):
    """`posts`: for each fork the state after, and the logs."""
    transaction = {"data": ["0x" + data.hex()], "gasLimit": [hexed(limit)],
                   "gasPrice": hexed(PRICE), "nonce": hexed(nonce), "secretKey": "0x" + SECRET.hex(),
                   "sender": "0x" + SENDER.hex(), "to": "0x" + to.hex() if to else "",
                   "value": [hexed(value)]}
    if access_list is not None:
        transaction["accessLists"] = [access_list]
    return {
        "env": {"currentCoinbase": "0x" + MINER.hex(), "currentDifficulty": "0x020000",
                "currentGasLimit": "0x0f4240", "currentNumber": "0x05",
                "currentTimestamp": "0x03e8"},
        "pre": {"0x" + address.hex(): {
            "nonce": hexed(one["nonce"]), "balance": hexed(one["balance"]),
            "code": "0x" + one["code"].hex(),
            "storage": {hexed(key): hexed(word) for key, word in one["storage"].items()}}
            for address, one in pre.items()},
        "transaction": transaction,
        "post": {fork: [{"indexes": {"data": 0, "gas": 0, "value": 0},
                         "hash": "0x" + state_root(post).hex(),
                         "logs": "0x" + keccak(rlp(logs)).hex()}]
                 for fork, (post, logs) in posts.items()}}


def contract(code, storage=None):
    return {SENDER: account(balance=WEALTH), OTHER: account(1, 0, bytes.fromhex(code), storage)}


def executed(pre, gas, forks=None, change=lambda post, fork: None, logs=None, **transaction):
    """A test of a call that uses `gas` (a number, or a function of the fork) besides the intrinsic.
    """
    posts = {}
    for fork in forks or FORKS:
        used = intrinsic(fork, transaction.get("data", b"")) + (gas(fork) if callable(gas) else gas)
        post = paid(pre, used, transaction.get("value", 0))
        change(post, fork)
        posts[fork] = (post, logs or [])
    return test(pre, posts, **transaction)


def refused(pre, forks=None, **transaction):
    return test(pre, {fork: (not_executed(pre, fork), []) for fork in forks or FORKS},
                **transaction)


# -- the tests --

def storing(key, value):
    def change(post, _):
        post[OTHER]["storage"][key] = value
    return change


def clearing_refunds_half():
    pre = contract("6000600055", {0: 1})  # SSTORE(0, 0): 2 pushes and 5000, refund 15000
    posts = {}
    for fork in FORKS:
        used = 21000 + 3 + 3 + 5000
        post = paid(pre, used - min(15000, used // 2))
        post[OTHER]["storage"] = {}
        posts[fork] = (post, [])
    return test(pre, posts)


def creating():
    init = bytes.fromhex("60008060005360016000f3")  # returns the one byte 00: 21 gas, 200 to keep it
    pre = {SENDER: account(balance=WEALTH)}
    made = keccak(rlp([SENDER, b""]))[12:]
    posts = {}
    for fork in FORKS:
        post = paid(pre, intrinsic(fork, init, creates=True) + 21 + 200)
        post[made] = account(1 if since(fork, "EIP158") else 0, 3, b"\0")
        post[SENDER]["balance"] -= 3
        posts[fork] = (post, [])
    return test(pre, posts, to=None, data=init, value=3)


def touching_an_empty_account():
    pre = {SENDER: account(balance=WEALTH), OTHER: account()}

    def change(post, fork):
        if since(fork, "EIP158"):
            del post[OTHER]
    return executed(pre, 0, change=change)


def with_access_list():
    pre = {SENDER: account(balance=WEALTH)}
    entry = {"address": "0x" + OTHER.hex(), "storageKeys": ["0x" + "00" * 32, "0x" + "ff" * 32]}
    return test(pre, {"Istanbul": (not_executed(pre, "Istanbul"), []),
                      "Berlin": (paid(pre, 21000 + 2400 + 2 * 1900, 7), [])},
                value=7, access_list=[entry])


def main():
    rich = {SENDER: account(balance=WEALTH)}
    block_4 = int.from_bytes(keccak(b"4"), "big")
    word = (0xaa).to_bytes(32, "big")
    tests = {
        "transfer": executed(rich, 0, value=7),
        "transferWithData": executed(rich, 0, value=7, data=b"\0\1\2"),
        "gasBelowIntrinsic": refused(rich, limit=20999),
        "gasAboveBlock": refused(rich, limit=1000001),
        "nonceTooHigh": refused(rich, nonce=1),
        "nonceTooLow": refused({SENDER: account(2, WEALTH)}, nonce=1),
        "balanceTooLow": refused({SENDER: account(0, LIMIT * PRICE)}, value=1),
        "clearingRefundsHalf": clearing_refunds_half(),
        "blockHash": executed(contract("600440600055"),  # SSTORE(0, BLOCKHASH(4))
                              lambda fork: 3 + 20 + 3 + (22100 if fork == "Berlin" else 20000),
                              change=storing(0, block_4)),
        "log": executed(contract("60aa60005260ff60206000a1"),  # LOG1(0, 32, 0xff) of the word 0xaa
                        3 * 3 + 3 + 3 * 3 + 375 + 375 + 8 * 32 + 0,
                        logs=[[OTHER, [(0xff).to_bytes(32, "big")], word]]),
        "revert": executed(contract("60006000fd"), 6, forks=FORKS[FORKS.index("Byzantium"):]),
        "invalidOpcode": executed(contract("fe"), LIMIT - 21000),
        "creating": creating(),
        "touchingAnEmptyAccount": touching_an_empty_account(),
        "accessList": with_access_list(),
    }
    print(json.dumps(tests, indent=1))


main()
