using System.Diagnostics;

namespace RnnRuntime.Cli;

/// <summary>How far long work has come: a line on standard error that is overwritten, only where a person looks.</summary>
internal sealed class Progress(string work, long total) : IDisposable, IProgress<double>
{
    private static readonly long Interval = Stopwatch.Frequency / 5;

    private readonly bool _isShown = !Console.IsErrorRedirected;
    private long _next = Stopwatch.GetTimestamp() + Interval;
    private bool _hasLine;

    public void Report(long done)
    {
        if (_isShown && Stopwatch.GetTimestamp() > _next)
        {
            Console.Error.Write($"\r{work}: {Text.Number(100.0 * done / total, "0")} %");
            _hasLine = true;
            _next = Stopwatch.GetTimestamp() + Interval;
        }
    }

    /// <summary>The share that is done.</summary>
    void IProgress<double>.Report(double value) => Report((long)(value * total));

    public void Dispose()
    {
        if (_hasLine)
        {
            Console.Error.Write("\r" + new string(' ', work.Length + 10) + "\r");
        }
    }
}
