namespace RnnRuntime.Bench.Results;

/// <summary>What a host in C pays for one model; times in ns where a name ends so, in ms otherwise.</summary>
/// <param name="Size">Input and hidden size.</param>
/// <param name="Kernel">The kernel that the library chose.</param>
/// <param name="WeightBytes">Packed weights.</param>
/// <param name="Calls">Times from the end of a call to the end of the next, for each number of steps a call.</param>
/// <param name="Overhead">One step a call, through the checked function and through the program itself; null where managed code runs the session.</param>
/// <param name="Start">A process that opens the library, loads the model and makes a session.</param>
/// <param name="Command">What measured it.</param>
internal sealed record HostResult(
    string Size, string Kernel, long WeightBytes, IReadOnlyList<HostCalls> Calls, HostOverhead? Overhead, HostStart Start, string Command);

/// <summary>Times of calls of so many steps.</summary>
internal sealed record HostCalls(int StepsPerCall, long Count, double P50Ns, double P99Ns, double P9999Ns, double MaxNs);

/// <summary>Minimum and median of rounds in turn.</summary>
internal sealed record HostOverhead(double RunMinNs, double RunMedianNs, double NativeMinNs, double NativeMedianNs);

/// <summary>Medians and the largest total of processes that start.</summary>
/// <param name="Processes">How many.</param>
/// <param name="OpenMs">dlopen.</param>
/// <param name="StartMs">rnn_start.</param>
/// <param name="LoadMs">rnn_model_load.</param>
/// <param name="TotalMs">From before dlopen to the end of the session's first step.</param>
/// <param name="TotalMaxMs">The largest of those.</param>
/// <param name="ResidentKb">Resident memory that all this added.</param>
/// <param name="FurtherSessionKb">Resident memory of a further session, over a thousand of them.</param>
/// <param name="SessionBytes">What rnn_session_info says that a session takes.</param>
internal sealed record HostStart(
    int Processes, double OpenMs, double StartMs, double LoadMs, double TotalMs, double TotalMaxMs, double ResidentKb, double FurtherSessionKb, long SessionBytes);
