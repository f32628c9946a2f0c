import { APPEND_EVENT, COMPARE_STREAM_IDS, createScript } from "./script.ts";

// Every script that writes for a run first compares the epoch: that comparison is the fence.

export const begin = createScript(`${APPEND_EVENT}${COMPARE_STREAM_IDS}
local run, session, events, sequence = unpack(KEYS)
local activity, key, record, event, at, retention, expected, through = unpack(ARGV)
local before = tonumber(redis.call('HGET', run, 'epoch') or '0')
if before ~= tonumber(expected) then return 'superseded' end
local settled = redis.call('HGET', session, 'settled') or '0-0'
if through ~= '' and not is_after(through, settled) then return 'superseded' end
local epoch = math.max(before + 1, math.floor(tonumber(at) / 1000))
redis.call('DEL', run)
redis.call('HSET', run, 'epoch', epoch, 'state', 'live', 'record', record, 'lastN', 0, 'claimed', 0)
redis.call('EXPIRE', run, retention)
append_event(events, sequence, epoch, at, event, retention)
redis.call('PUBLISH', activity, 'events ' .. key)
return epoch
`);

export const prepare = createScript(`
local run = KEYS[1]
if redis.call('HGET', run, 'epoch') ~= ARGV[1] or redis.call('HGET', run, 'state') ~= 'live' then return 'fenced' end
redis.call('HSET', run, 'repository', ARGV[2])
return 'prepared'
`);

export const claim = createScript(`
local run = KEYS[1]
if redis.call('HGET', run, 'epoch') ~= ARGV[1] or redis.call('HGET', run, 'state') ~= 'live' then return 'fenced' end
if redis.call('HINCRBY', run, 'claimed', 1) == 1 then
  redis.call('HSET', run, 'claimant', ARGV[2])
  return 'claimed'
end
if ARGV[2] ~= '' and redis.call('HGET', run, 'claimant') == ARGV[2] then return 'claimed' end
return 'already-claimed'
`);

export const readInbox = createScript(`
local run, inbox = unpack(KEYS)
local epoch, after = unpack(ARGV)
if redis.call('HGET', run, 'epoch') ~= epoch or redis.call('HGET', run, 'state') ~= 'live' then return 'fenced' end
local rows = redis.call('XRANGE', inbox, '(' .. after, '+')
if #rows > 0 then redis.call('HSET', run, 'delivered', rows[#rows][1]) end
return rows
`);

export const report = createScript(`${APPEND_EVENT}
local run, events, sequence = unpack(KEYS)
local activity, key, epoch, at, retention = unpack(ARGV)
if redis.call('HGET', run, 'epoch') ~= epoch or redis.call('HGET', run, 'state') ~= 'live' then return 'fenced' end
local last = tonumber(redis.call('HGET', run, 'lastN'))
for index = 6, #ARGV, 2 do
  if tonumber(ARGV[index]) == last + 1 then
    append_event(events, sequence, epoch, at, ARGV[index + 1], retention)
    last = last + 1
  end
end
redis.call('HSET', run, 'lastN', last)
redis.call('PUBLISH', activity, 'events ' .. key)
return last
`);

export const reportOnce = createScript(`${APPEND_EVENT}
local run, events, sequence = unpack(KEYS)
local activity, key, epoch, at, retention, event, mark = unpack(ARGV)
if redis.call('HGET', run, 'epoch') ~= epoch or redis.call('HGET', run, 'state') ~= 'live' then return 'fenced' end
if redis.call('HSETNX', run, mark, 1) == 0 then return 'known' end
append_event(events, sequence, epoch, at, event, retention)
redis.call('PUBLISH', activity, 'events ' .. key)
return 'reported'
`);

/** A worker's word that it dealt with messages nobody has written yet would mute the thread. */
export const finish = createScript(`${APPEND_EVENT}${COMPARE_STREAM_IDS}
local run, inbox, session, events, sequence = unpack(KEYS)
local activity, key, epoch, at, retention, event, through, inbox_after, is_forced, outcome = unpack(ARGV)
if redis.call('HGET', run, 'epoch') ~= epoch then return 'fenced' end
local state = redis.call('HGET', run, 'state')
if state == 'finished' then return 'finished' end
if state ~= 'live' then return 'fenced' end
if is_forced ~= '1' and #redis.call('XRANGE', inbox, '(' .. through, '+', 'COUNT', 1) > 0 then return 'more-messages' end
local newest = redis.call('XREVRANGE', inbox, '+', '-', 'COUNT', 1)[1]
if newest and is_after(through, newest[1]) then through = newest[1] end
append_event(events, sequence, epoch, at, event, retention)
redis.call('HSET', run, 'state', 'finished', 'outcome', outcome)
redis.call('HSET', session, 'settled', through, 'retryFrom', inbox_after)
redis.call('PUBLISH', activity, 'events ' .. key)
return 'finished'
`);

export const end = createScript(`${APPEND_EVENT}${COMPARE_STREAM_IDS}
local run, session, events, sequence = unpack(KEYS)
local activity, key, epoch, at, retention, event, settle_through, inbox_after, is_retrying = unpack(ARGV)
if redis.call('HGET', run, 'epoch') ~= epoch then return 'fenced' end
local state = redis.call('HGET', run, 'state')
redis.call('HSET', run, 'state', 'ended')
if state == 'finished' then return 'had-finished' end
if state ~= 'live' then return 'already-ended' end
append_event(events, sequence, epoch, at, event, retention)
if is_retrying ~= '1' then
  local delivered = redis.call('HGET', run, 'delivered') or inbox_after
  if is_after(settle_through, delivered) then delivered = settle_through end
  redis.call('HSET', session, 'settled', delivered, 'retryFrom', inbox_after)
end
redis.call('PUBLISH', activity, 'events ' .. key)
return 'ended'
`);

export const cancel = createScript(`${APPEND_EVENT}${COMPARE_STREAM_IDS}
local run, session, events, sequence = unpack(KEYS)
local activity, key, at, retention, event, through, expected = unpack(ARGV)
local epoch, state = unpack(redis.call('HMGET', run, 'epoch', 'state'))
if tonumber(epoch or '0') ~= tonumber(expected) then return 'superseded' end
if state == 'live' or state == 'finished' then return 'superseded' end
if not is_after(through, redis.call('HGET', session, 'settled') or '0-0') then return 'superseded' end
append_event(events, sequence, 0, at, event, retention)
redis.call('HSET', session, 'settled', through)
redis.call('PUBLISH', activity, 'events ' .. key)
return 'cancelled'
`);

export const settle = createScript(`${COMPARE_STREAM_IDS}
local session = KEYS[1]
if is_after(ARGV[1], redis.call('HGET', session, 'settled') or '0-0') then
  redis.call('HSET', session, 'settled', ARGV[1])
end
return 'ok'
`);
