using System.Diagnostics;

namespace RnnRuntime.Fuzz;

/// <summary>Ends the process when one mutant takes too long: by the clock and by processor time, so that a busy machine is no hang.</summary>
internal sealed class Watchdog
{
    private const int ExitCode = 3;

    private readonly Lock _lock = new();
    private string _mutant = "";
    private long _started;
    private TimeSpan _processorTime;

    public Watchdog() => new Thread(Watch) { IsBackground = true, Name = "watchdog" }.Start();

    public void Begin(string mutant)
    {
        lock (_lock)
        {
            _mutant = mutant;
            _started = Stopwatch.GetTimestamp();
            _processorTime = TimeSpan.Zero;
        }
    }

    public void End()
    {
        lock (_lock)
        {
            _started = 0;
        }
    }

    private void Watch()
    {
        while (true)
        {
            Thread.Sleep(250);
            lock (_lock)
            {
                if (_started == 0)
                {
                    continue;
                }

                var spent = Environment.CpuUsage.TotalTime;
                if (_processorTime == TimeSpan.Zero)
                {
                    _processorTime = spent;
                }

                if (Stopwatch.GetElapsedTime(_started) > FuzzLimits.MostTime && spent - _processorTime > FuzzLimits.MostTime * 0.9)
                {
                    Console.Error.WriteLine($"HANG {_mutant}: more than {FuzzLimits.MostTime.TotalSeconds} s");
                    Environment.Exit(ExitCode);
                }
            }
        }
    }
}
