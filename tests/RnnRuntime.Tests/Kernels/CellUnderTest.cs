namespace RnnRuntime.Tests.Kernels;

/// <summary>Every recurrent cell that a variant executes.</summary>
public enum CellUnderTest
{
    Lstm,
    GruResetAfter,
    GruResetBefore,
    RnnTanh,
    RnnRelu,
    RnnIdentity,
}

public enum Precision
{
    Float32,
    BFloat16,
    Float16,
    Int8,
}
