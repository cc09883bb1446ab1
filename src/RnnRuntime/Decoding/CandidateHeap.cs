namespace RnnRuntime.Decoding;

/// <summary>
/// Hands out tokens from the largest logit down, the smaller token first among equals; so the order is total and the same everywhere.
/// A binary heap: building it is linear, and only what is taken is sorted.
/// </summary>
internal sealed class CandidateHeap(int capacity)
{
    private readonly ulong[] _keys = new ulong[capacity];
    private int _count;

    public void Fill(ReadOnlySpan<float> logits)
    {
        for (var token = 0; token < logits.Length; token++)
        {
            _keys[token] = Key(logits[token], token);
        }

        _count = logits.Length;
        for (var parent = (_count / 2) - 1; parent >= 0; parent--)
        {
            SiftDown(parent);
        }
    }

    public int Take()
    {
        var top = _keys[0];
        _count--;
        _keys[0] = _keys[_count];
        SiftDown(0);
        return (int)~(uint)top;
    }

    private static ulong Key(float logit, int token)
    {
        // Zero of either sign is one value; the bits of other floats order as integers once negative ones are complemented.
        var bits = BitConverter.SingleToUInt32Bits(logit == 0 ? 0 : logit);
        var ordered = (bits & 0x80000000) == 0 ? bits | 0x80000000 : ~bits;
        return ((ulong)ordered << 32) | ~(uint)token;
    }

    private void SiftDown(int parent)
    {
        while (true)
        {
            var child = (2 * parent) + 1;
            if (child >= _count)
            {
                return;
            }

            if (child + 1 < _count && _keys[child + 1] > _keys[child])
            {
                child++;
            }

            if (_keys[parent] >= _keys[child])
            {
                return;
            }

            (_keys[parent], _keys[child]) = (_keys[child], _keys[parent]);
            parent = child;
        }
    }
}
