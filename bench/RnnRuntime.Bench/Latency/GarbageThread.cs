using RnnRuntime.Bench.Interop;

namespace RnnRuntime.Bench.Latency;

/// <summary>
/// Another thread of the host that makes garbage as fast as it can: small objects that refer to each other and arrays of up to 16 KB, of which the last
/// thousands stay alive, so that collections have something to mark and to move.
/// </summary>
internal sealed class GarbageThread : IDisposable
{
    private const int Survivors = 8192;
    private const int LargestArray = 16 * 1024;

    private readonly Thread _thread;
    private volatile bool _stop;

    /// <param name="processor">Where it runs.</param>
    internal GarbageThread(int processor)
    {
        _thread = new Thread(() =>
        {
            Processors.Pin(processor);
            Litter();
        })
        { IsBackground = true, Name = "garbage" };
        _thread.Start();
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
    }

    private void Litter()
    {
        var random = new Random(1);
        var alive = new Node?[Survivors];
        for (int i = 0; !_stop; i = (i + 1) % Survivors)
        {
            alive[i] = new Node(alive[random.Next(Survivors)]?.Payload, new byte[random.Next(LargestArray)]);
        }
    }

    private sealed record Node(byte[]? Other, byte[] Payload);
}
